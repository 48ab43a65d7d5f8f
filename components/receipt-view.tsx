import type { Receipt, ReceiptKey, ReceiptLine, ReceiptText } from '../utils/exports/dpv/receipt';
import { formats } from './formats';

type Say = (key: ReceiptKey, ...subs: (string | number)[]) => string;

export interface ReceiptViewProps {
  readonly receipt: Receipt;
  readonly say: Say;
}

/** A receipt as it is printed: one column, all of it open, nothing to click. */
export function ReceiptView({ receipt, say }: ReceiptViewProps) {
  return (
    <article class="receipt" data-testid="receipt">
      <header class="receipt-head">
        <h2>{say(receipt.title)}</h2>
        {receipt.remarks.map((remark) => (
          <p key={remark} data-remark={remark}>
            {say(remark)}
          </p>
        ))}
      </header>
      {receipt.sections.map((section, index) => (
        // Sections stand still, and two parties have the same title.
        <section key={`${section.title}-${index}`} class="receipt-section" data-section={section.title}>
          <h3>{say(section.title)}</h3>
          <dl>
            {section.lines.map((line, at) => (
              <Line key={`${line.label}-${at}`} line={line} language={receipt.language} say={say} />
            ))}
          </dl>
        </section>
      ))}
    </article>
  );
}

function Line({ line, language, say }: { line: ReceiptLine; language: string; say: Say }) {
  return (
    <div class="receipt-line" data-line={line.label}>
      <dt>{say(line.label)}</dt>
      <dd>
        {line.texts.map((text, at) => (
          <p key={`${text.kind}-${at}`}>
            <Text text={text} language={language} say={say} />
          </p>
        ))}
      </dd>
    </div>
  );
}

function Text({ text, language, say }: { text: ReceiptText; language: string; say: Say }) {
  switch (text.kind) {
    case 'say':
      return (
        <>{say(text.key, ...(text.subs ?? []).map((sub) => (typeof sub === 'number' ? formats.number(sub) : sub)))}</>
      );
    case 'quoted':
      return <span lang={language}>{text.text}</span>;
    case 'exact':
      return <span class="mono">{text.text}</span>;
    case 'moment':
      return <time dateTime={new Date(text.atMs).toISOString()}>{formats.exact(text.atMs)}</time>;
    case 'say-moment':
      return <>{say(text.key, formats.exact(text.atMs))}</>;
  }
}
