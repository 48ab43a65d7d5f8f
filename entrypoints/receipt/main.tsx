/** The receipt of one permission, to read and to print: `receipt.html?capability=ID&scope=PATTERN`. */
import browser from 'webextension-polyfill';
import { Banner } from '../../components/banner';
import { Button } from '../../components/button';
import { Problem } from '../../components/problem';
import { ReceiptView } from '../../components/receipt-view';
import { startPage } from '../../components/start-page';
import { useLoaded } from '../../components/use-loaded';
import { isCapabilityId } from '../../utils/catalogue/catalogue';
import { type Receipt, receiptOf } from '../../utils/exports/dpv/receipt';
import { dpvRecord, factsOf } from '../../utils/exports/dpv/record';
import { ask } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';
import './receipt-page.css';

/** What the address asks for is outside input; the background looks at the scope again. */
async function load(search: URLSearchParams): Promise<Receipt | 'none'> {
  const [capability, scope] = [search.get('capability'), search.get('scope')];
  if (!isCapabilityId(capability) || scope === null) return 'none';
  const record = await ask('history.consent', { capability, scope });
  if (record === null) return 'none';
  const { id } = await ask('subject.id', { how: 'make' });
  const facts = factsOf(capability, scope, {
    subjectId: id ?? '',
    receiptAtMs: Date.now(),
    appVersion: browser.runtime.getManifest().version,
  });
  return receiptOf(dpvRecord(record, facts));
}

function App() {
  const receipt = useLoaded(() => load(new URLSearchParams(location.search)), []);
  const { value } = receipt;
  return (
    <main class="stack" aria-busy={value === undefined && receipt.error === undefined ? 'true' : undefined}>
      <div class="row-between">
        <h1 class="row">
          <img class="logo" src="/icon/cloudopt.svg" alt="" />
          {text('extension_name')}
        </h1>
        {value === undefined || value === 'none' ? null : (
          <Button testId="print-receipt" look="primary" onPress={() => print()}>
            {text('receipt_print')}
          </Button>
        )}
      </div>
      {receipt.error === undefined ? null : <Problem error={receipt.error} onRetry={receipt.reload} />}
      {receipt.slow ? <p class="muted">{text('loading')}</p> : null}
      {value === 'none' ? (
        <Banner tone="warn" title={text('receipt_none')}>
          <p>{text('receipt_none_text')}</p>
          <a href="/options.html#permissions">{text('all_permissions')}</a>
        </Banner>
      ) : null}
      {value === undefined || value === 'none' ? null : <ReceiptView receipt={value} say={text} />}
    </main>
  );
}

startPage('title_receipt', App);
