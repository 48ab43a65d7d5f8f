import { text } from '../utils/platform/text';
import { Button } from './button';

/** Stands in place of a list of which a filter leaves nothing. */
export function FilterNothing({ says, onClear }: { says: string; onClear: () => void }) {
  return (
    <div class="card stack-tight" data-testid="filter-nothing">
      <p>{says}</p>
      <div>
        <Button small testId="filter-clear" onPress={onClear}>
          {text('filter_clear')}
        </Button>
      </div>
    </div>
  );
}
