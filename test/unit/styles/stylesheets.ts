/** Reads our own stylesheets, which hold no strings with braces or semicolons in them. */

export interface Declaration {
  readonly property: string;
  readonly value: string;
}

export interface Rule {
  /** Conditions of the `@media` blocks that it stands in, outermost first. */
  readonly media: readonly string[];
  readonly selector: string;
  readonly declarations: readonly Declaration[];
}

export function rulesOf(source: string): Rule[] {
  const rules: Rule[] = [];
  const open: string[] = [];
  let written = '';
  for (const sign of source.replaceAll(/\/\*[\s\S]*?\*\//g, '')) {
    if (sign === '{') {
      // What stands before a nested rule belongs to the one around it.
      const cut = written.lastIndexOf(';') + 1;
      push(written.slice(0, cut));
      open.push(written.slice(cut).trim().replaceAll(/\s+/g, ' '));
      written = '';
    } else if (sign === '}') {
      push(written);
      open.pop();
      written = '';
    } else written += sign;
  }
  return rules;

  function push(block: string): void {
    const declarations = block.split(';').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [{ property: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }];
    });
    const selector = open.at(-1);
    if (declarations.length === 0 || selector === undefined) return;
    const media = open.flatMap((one) => (one.startsWith('@media ') ? [one.slice('@media '.length)] : []));
    rules.push({ media, selector, declarations });
  }
}
