/** Every text is asked for somewhere, and what is asked for is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { capability, capabilityIds, everyField } from '../../../utils/catalogue/catalogue';
import { capabilityKey } from '../../../utils/prompts/notice';
import { countedBase, english } from './locales';

const sources = ['entrypoints', 'components', 'utils'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file)),
);

/** Every string that stands as code: not in comments, types or the names of members. */
function stringsOf(code: string): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) && !(ts.isPropertyAssignment(node.parent) && node.parent.name === node)) {
      found.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.tsx', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found;
}

/** Keys that code puts together from what a type lists, `list_${name}`: any one word may stand in the gap. */
function patternsOf(code: string): RegExp[] {
  const found: RegExp[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node)) {
      const { head, templateSpans } = node;
      // Those that begin with a capability's or a field's name are derived from the catalogue below.
      if (/^(?!cap_|field_)[a-z]+(_[a-z]+)*_$/.test(head.text)) {
        const rest = templateSpans.map(({ literal }) => `[a-z]+${literal.text}`).join('');
        if (/^[a-z_[\]+-]+$/.test(rest)) found.push(new RegExp(`^${head.text}${rest}$`));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.tsx', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found;
}

const patterns = sources.flatMap((file) => patternsOf(readFileSync(file, 'utf8')));
const written = new Set(sources.flatMap((file) => [...stringsOf(readFileSync(file, 'utf8'))]));

/** Keys that code puts together from the catalogue: capability-text.ts and notice.ts. */
const derived = new Set(
  capabilityIds.flatMap((id) => {
    const { sites } = capability(id);
    return [
      ...['name', 'does', 'why', 'retention', 'refusal', 'limits', 'browser_all'].map((part) =>
        capabilityKey(id, part),
      ),
      ...(sites === 'choose' || sites === 'server' ? [capabilityKey(id, 'browser_site')] : []),
      ...everyField(id).flatMap((field) => [`field_${field}_name`, `field_${field}_text`]),
    ];
  }),
);

/** The manifest asks for these. */
const manifest = new Set([...readFileSync('wxt.config.ts', 'utf8').matchAll(/__MSG_(\w+)__/g)].map(([, key]) => key));

const isUsed = (key: string): boolean => {
  const base = countedBase(key);
  if (patterns.some((pattern) => pattern.test(key))) return true;
  return written.has(key) || derived.has(key) || manifest.has(key) || (base !== undefined && written.has(base));
};

test('no text is left that nothing asks for', () => {
  expect(Object.keys(english).filter((key) => !isUsed(key))).toEqual([]);
});

test('a text that code or the catalogue puts together is there', () => {
  expect([...derived, ...manifest].filter((key) => !(String(key) in english))).toEqual([]);
});

test('a text that nothing asks for would be found', () => {
  expect(isUsed('field_gone_name')).toBe(false);
  expect(isUsed('prompt_gone_long_ago')).toBe(false);
  expect(stringsOf("// 'one'\ntype A = 'two'; import x from 'three'; const a = { 'four': 'five' };")).toEqual(
    new Set(['five']),
  );
});
