/** Reads CHANGELOG.md, which is written in the form of https://keepachangelog.com/en/1.1.0/ */

export interface Entry {
  readonly version: string;
  /** ISO date of the release; `null` before it. */
  readonly date: string | null;
  readonly text: string;
}

/** A day that exists, as `2026-01-31`. */
const isDay = (text: string): boolean => {
  const day = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(text);
};

/** Entries of versions as they stand in the file, newest first; what is unreleased without a version is left out. */
export function entriesOf(changelog: string): Entry[] {
  const parts = changelog.split(/^## \[/m).slice(1);
  return parts.flatMap((part) => {
    const [, version, said, text] = /^(\d+\.\d+\.\d+)\](?: - (.*))?$\n?([\s\S]*)/m.exec(part) ?? [];
    if (version === undefined || !part.startsWith(version)) return [];
    return [{ version, date: said !== undefined && isDay(said) ? said : null, text: (text ?? '').trim() }];
  });
}

/** Why the changelog doesn't go with this version; empty where it does. */
export function changelogProblems(changelog: string, version: string): string[] {
  const [newest, ...older] = entriesOf(changelog);
  if (newest?.version !== version) {
    return [`CHANGELOG.md: its newest entry is ${newest?.version ?? 'of no version'}, package.json says ${version}`];
  }
  return [
    ...(newest.text === '' ? [`CHANGELOG.md: ${version} has no text`] : []),
    ...older.filter(({ date }) => date === null).map((one) => `CHANGELOG.md: ${one.version} has no date`),
  ];
}
