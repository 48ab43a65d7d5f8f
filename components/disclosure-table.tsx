import { capabilityIds, everyField } from '../utils/catalogue/catalogue';
import { type TextKey, text } from '../utils/platform/text';
import { disclosureOf, type NamedEndpoints } from '../utils/prompts/destinations';
import { capabilityText } from './capability-text';

/** The catalogue's test proves that each field has a name. */
const fieldName = (field: string): string => text(`field_${field}_name` as TextKey);

/** For each capability who receives what, where, and under which policy: as the catalogue and the endpoints in force have it. */
export function DisclosureTable({ endpoints }: { endpoints: NamedEndpoints }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-scroll table-cards disclosures" tabIndex={0} aria-label={text('disclosure_heading')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text('column_what')}</th>
            <th scope="col">{text('column_who')}</th>
            <th scope="col">{text('column_their_policy')}</th>
          </tr>
        </thead>
        <tbody>
          {capabilityIds.map((id) => {
            const fields = everyField(id);
            const { who, where, policy } = disclosureOf(id, text, endpoints);
            return (
              <tr key={id} data-testid="disclosure" data-capability={id}>
                <th scope="row">
                  {capabilityText(id, 'name')}
                  <div class="disclosure-fields">
                    {fields.length === 0 ? text('notice_no_fields') : fields.map(fieldName).join(', ')}
                  </div>
                </th>
                <td data-label={text('column_who')}>
                  <div>
                    <div>{who}</div>
                    <div class="muted">{where}</div>
                  </div>
                </td>
                <td data-label={text('column_their_policy')}>{policy}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
