import { credits } from '../utils/catalogue/lists';
import { text } from '../utils/platform/text';

/** Whose work the blocking lists and the icons are, and under which licences. */
export function ListCredits() {
  return (
    <section class="card stack" aria-labelledby="credits" data-testid="credits">
      <h2 id="credits">{text('credits_heading')}</h2>
      <p>{text('credits_lead')}</p>
      <ul class="plain stack">
        {credits.map(({ list, name, license, url }) => (
          <li key={`${list} ${name}`} class="stack-tight">
            <span>
              {list === 'package' ? '' : `${text(list === 'icons' ? 'credits_icons' : `protection_list_${list}`)}: `}
              <a href={url} rel="noreferrer" target="_blank">
                {name}
              </a>
            </span>
            <span class="small muted">{text('credits_license', license)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
