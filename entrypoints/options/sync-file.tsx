import { useState } from 'preact/hooks';
import { counted } from '../../components/formats';
import { Problem } from '../../components/problem';
import { readFile } from '../../components/read-file';
import { type LookedAt, SettingsFile } from '../../components/settings-file';
import { useAttempt } from '../../components/use-attempt';
import { saveFile } from '../../utils/exports/download';
import { ask } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';

/** Bytes of a settings file at most: a larger one is not even read. */
const FILE_BYTES_MAX = 1024 * 1024;

interface Picked {
  readonly name: string;
  readonly content: string;
  readonly looked: LookedAt;
}

/** Asks what the file would change. */
async function look(file: File): Promise<Picked> {
  const { name } = file;
  const read = await readFile(file, FILE_BYTES_MAX);
  if (read.kind !== 'text') return { name, content: '', looked: read };
  return { name, content: read.text, looked: await ask('settings.import', { text: read.text, how: 'look' }) };
}

export interface SettingsFileSectionProps {
  readonly announce: (message: string) => void;
  readonly reload: () => void;
}

/** Export and import of settings, with sync on or off. */
export function SettingsFileSection({ announce, reload }: SettingsFileSectionProps) {
  const [picked, setPicked] = useState<Picked>();
  const { error, attempt } = useAttempt();
  return (
    <>
      <SettingsFile
        picked={picked}
        onExport={() =>
          attempt(async () => {
            const { text: content, fileName } = await ask('settings.export', {});
            saveFile(fileName, new Blob([content], { type: 'application/json' }));
            announce(text('exported'));
          })
        }
        onPick={(file) => attempt(async () => setPicked(await look(file)))}
        onTake={() =>
          attempt(async () => {
            if (!picked) return;
            const looked = await ask('settings.import', { text: picked.content, how: 'take' });
            setPicked({ ...picked, looked });
            if (looked.kind === 'taken') announce(counted('sync_file_taken', looked.changes));
            reload();
          })
        }
        onClose={() => setPicked(undefined)}
      />
      {error === undefined ? null : <Problem error={error} />}
    </>
  );
}
