/**
 * Holds that only utils/egress may send. `npx tsx test/tools/check-egress.ts` reads our sources;
 * with paths (`.output/*-mv3`) it reads the built scripts and pages, where one `fetch` and one
 * `storage.sync` of the background's may stand.
 * Names count where they stand as code: comments, strings of prose and types don't.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

export interface Found {
  readonly line: number;
  readonly what: string;
}

/** Each opens a way out of the device by being called or made. */
const doors: ReadonlySet<string> = new Set([
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'WebTransport',
  'EventSource',
  'RTCPeerConnection',
  'sendBeacon',
  'importScripts',
  'setUninstallURL',
  'connectNative',
  'sendNativeMessage',
]);
const REMOTE = /^\s*(https?:|wss?:)?\/\//i;
const MARKUP =
  /<(?:script|img|link|iframe|source|audio|video|form|base)\b[^>]*?\b(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?\/\//gi;

/** The last name of `browser.storage`, `chrome['storage']`, `storage`. */
function lastName(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isElementAccessExpression(node)) return literal(node.argumentExpression);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node)) {
    return lastName(node.expression);
  }
  return undefined;
}

/** What a string or the beginning of a template says. */
function literal(node: ts.Node | undefined): string | undefined {
  if (!node) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.head.text : undefined;
}

const isTyping = (node: ts.Node): boolean =>
  ts.isTypeNode(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ((ts.isImportSpecifier(node) || ts.isExportSpecifier(node) || ts.isImportClause(node)) && node.isTypeOnly) ||
  (ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.DeclareKeyword));

/** Whether the identifier is the name of a member that the code itself writes: `{ fetch: … }`, `class { fetch() {} }`. */
function namesOwnMember(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isAccessor(parent)) &&
    parent.name === node
  );
}

function wayOut(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) && doors.has(node.text) && !namesOwnMember(node)) return node.text;
  if (ts.isElementAccessExpression(node)) {
    const name = literal(node.argumentExpression);
    if (name !== undefined && doors.has(name)) return name;
    if (name === 'sync' && lastName(node.expression) === 'storage') return 'storage.sync';
  }
  if (ts.isPropertyAccessExpression(node) && node.name.text === 'sync' && lastName(node.expression) === 'storage') {
    return 'storage.sync';
  }
  if (ts.isBindingElement(node) && lastName(node.propertyName ?? node.name) === 'sync') {
    const declared = node.parent.parent;
    if (ts.isVariableDeclaration(declared) && declared.initializer && lastName(declared.initializer) === 'storage') {
      return 'storage.sync';
    }
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const target = literal(node.arguments[0]);
    if (target !== undefined && REMOTE.test(target)) return 'import() of a remote module';
  }
  if (
    (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
    REMOTE.test(literal(node.moduleSpecifier) ?? '')
  ) {
    return 'import of a remote module';
  }
  if (ts.isNewExpression(node) && ['Image', 'Audio'].includes(lastName(node.expression) ?? '')) {
    return `new ${lastName(node.expression)}`;
  }
  if (ts.isNewExpression(node) && ['Worker', 'SharedWorker'].includes(lastName(node.expression) ?? '')) {
    if (REMOTE.test(literal(node.arguments?.[0]) ?? '')) return 'a remote worker';
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const set = lastName(node.left);
    if ((set === 'src' || set === 'srcset') && REMOTE.test(literal(node.right) ?? '')) return 'a remote src';
  }
  if (ts.isJsxAttribute(node)) {
    const set = node.name.getText();
    const to =
      node.initializer && ts.isJsxExpression(node.initializer) ? node.initializer.expression : node.initializer;
    if (set === 'ping') return 'ping';
    if (['src', 'srcset', 'action', 'data'].includes(set) && REMOTE.test(literal(to) ?? '')) return `a remote ${set}`;
  }
  return undefined;
}

/** `fetch(browser.runtime.getURL(…))`: reads a file of the package itself, and can't leave the device. */
function readsOwnPackage(node: ts.Node): boolean {
  const call = node.parent;
  if (!ts.isIdentifier(node) || node.text !== 'fetch' || !ts.isCallExpression(call) || call.expression !== node)
    return false;
  const [address, ...more] = call.arguments;
  return (
    more.length === 0 &&
    address !== undefined &&
    ts.isCallExpression(address) &&
    ts.isPropertyAccessExpression(address.expression) &&
    address.expression.name.text === 'getURL' &&
    lastName(address.expression.expression) === 'runtime'
  );
}

/** Every way out that stands as code in a script; `mayReadPackage`: {@link readsOwnPackage} is none. */
export function waysOut(text: string, fileName: string, mayReadPackage = false): Found[] {
  const kind = fileName.endsWith('x')
    ? ts.ScriptKind.TSX
    : fileName.endsWith('.ts')
      ? ts.ScriptKind.TS
      : ts.ScriptKind.JS;
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true, kind);
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    if (isTyping(node)) return;
    const what = wayOut(node);
    if (what !== undefined && !(mayReadPackage && readsOwnPackage(node))) {
      found.push({ line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1, what });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Remote scripts, images, frames and the like in a page's markup. */
export const waysOutOfMarkup = (text: string): Found[] =>
  [...text.matchAll(MARKUP)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    what: 'a remote resource in markup',
  }));

export interface Reported extends Found {
  readonly file: string;
}

const read = (file: string, mayReadPackage: boolean): Found[] => {
  const text = readFileSync(file, 'utf8');
  return file.endsWith('.html') ? waysOutOfMarkup(text) : waysOut(text, file, mayReadPackage);
};

/** Files under a directory whose names end so, as paths from where the check runs. */
const filesOf = (directory: string, ending: RegExp): string[] =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, encoding: 'utf8' })
        .map((file) => join(directory, file).replaceAll('\\', '/'))
        .filter((file) => ending.test(file) && statSync(file).isFile())
        .sort()
    : [];

interface Checked {
  readonly files: number;
  readonly found: readonly Reported[];
}

const check = (files: readonly string[], mayReadPackage = (_file: string) => false): Checked => ({
  files: files.length,
  found: files.flatMap((file) => read(file, mayReadPackage(file)).map((one) => ({ ...one, file }))),
});

/** Our sources, utils/egress aside. */
export const checkSources = (root: string): Checked =>
  check(
    ['entrypoints', 'components', 'utils', 'public']
      .flatMap((folder) => filesOf(join(root, folder), /\.(tsx?|js|html)$/))
      .filter((file) => !/(^|\/)utils\/egress\//.test(file)),
  );

/**
 * A built extension: the background alone sends, by one `fetch`, and hands over to the browser's own sync in one place;
 * besides, it alone reads the package itself.
 */
export function checkBuild(directory: string): Checked {
  const background = join(directory, 'background.js').replaceAll('\\', '/');
  const { files, found } = check(filesOf(directory, /\.(js|html)$/), (file) => file === background);
  const doors = ['fetch', 'storage.sync'].map((door) =>
    found.find(({ file, what }) => what === door && file === background),
  );
  return { files, found: found.filter((one) => !doors.includes(one)) };
}

function main(paths: readonly string[]): number {
  const checked = paths.length === 0 ? [checkSources('.')] : paths.map(checkBuild);
  const found = checked.flatMap((one) => one.found);
  const files = checked.reduce((sum, one) => sum + one.files, 0);
  for (const { file, line, what } of found) console.error(`${file}:${line}: ${what} may stand only in utils/egress`);
  if (checked.some((one) => one.files === 0)) {
    console.error(`check-egress: nothing to read in ${paths.join(' ') || 'the sources'}`);
    return 2;
  }
  console.log(`check-egress: ${files} files, ${found.length} ways out`);
  return found.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2));
