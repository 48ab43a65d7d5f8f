import { useEffect, useId, useState } from 'preact/hooks';
import { parseHost } from '../utils/catalogue/scope';
import { text } from '../utils/platform/text';

export interface SiteFilterProps {
  readonly onSite: (site: string) => void;
  /** Sites that begin so. */
  readonly suggest: (prefix: string) => Promise<readonly string[]>;
}

/** Chooses among any number of sites: by typing, with the first that fit proposed. Empty: all of them. */
export function SiteFilter({ onSite, suggest }: SiteFilterProps) {
  const [typed, setTyped] = useState('');
  const [proposed, setProposed] = useState<readonly string[]>([]);
  const id = useId();
  useEffect(() => {
    let stale = false;
    suggest(typed.trim().toLowerCase()).then(
      (sites) => {
        if (!stale) setProposed(sites);
      },
      // What can't be proposed can still be typed; the list below says what is wrong.
      () => {
        if (!stale) setProposed([]);
      },
    );
    return () => {
      stale = true;
    };
  }, [typed]);
  const choose = (raw: string) => {
    setTyped(raw);
    const word = raw.trim();
    const host = parseHost(word);
    if (word === '') onSite('');
    else if (host !== undefined) onSite(host);
  };
  return (
    <div class="field">
      <label for={id} class="small muted">
        {text('column_site')}
      </label>
      <input
        id={id}
        type="text"
        inputMode="url"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        list={`${id}-sites`}
        placeholder={text('filter_all')}
        data-testid="filter-site"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      <datalist id={`${id}-sites`}>
        {proposed.map((site) => (
          <option key={site} value={site} />
        ))}
      </datalist>
    </div>
  );
}
