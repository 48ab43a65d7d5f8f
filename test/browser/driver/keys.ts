/** Keys as both protocols need them. */
export interface Key {
  /** DOM `key` value. */
  readonly key: string;
  /** DOM `code` value. */
  readonly code: string;
  /** Windows virtual key code, which Chromium wants. */
  readonly keyCode: number;
  /** What it types, '' where it types nothing. */
  readonly text: string;
  /** Code point that WebDriver uses for it. */
  readonly webDriver: string;
}

export type Modifier = 'ctrl' | 'shift' | 'alt' | 'meta';

const special: Readonly<Record<string, readonly [code: string, keyCode: number, text: string, webDriver: string]>> = {
  Tab: ['Tab', 9, '', '\uE004'],
  Enter: ['Enter', 13, '\r', '\uE007'],
  Escape: ['Escape', 27, '', '\uE00C'],
  Space: ['Space', 32, ' ', ' '],
  Backspace: ['Backspace', 8, '', '\uE003'],
  Delete: ['Delete', 46, '', '\uE017'],
  Home: ['Home', 36, '', '\uE011'],
  End: ['End', 35, '', '\uE010'],
  PageUp: ['PageUp', 33, '', '\uE00E'],
  PageDown: ['PageDown', 34, '', '\uE00F'],
  ArrowLeft: ['ArrowLeft', 37, '', '\uE012'],
  ArrowUp: ['ArrowUp', 38, '', '\uE013'],
  ArrowRight: ['ArrowRight', 39, '', '\uE014'],
  ArrowDown: ['ArrowDown', 40, '', '\uE015'],
  F5: ['F5', 116, '', '\uE035'],
};

export const modifiers: Readonly<Record<Modifier, Key & { readonly bit: number }>> = {
  alt: { key: 'Alt', code: 'AltLeft', keyCode: 18, text: '', webDriver: '\uE00A', bit: 1 },
  ctrl: { key: 'Control', code: 'ControlLeft', keyCode: 17, text: '', webDriver: '\uE009', bit: 2 },
  meta: { key: 'Meta', code: 'MetaLeft', keyCode: 91, text: '', webDriver: '\uE03D', bit: 4 },
  shift: { key: 'Shift', code: 'ShiftLeft', keyCode: 16, text: '', webDriver: '\uE008', bit: 8 },
};

function oneKey(name: string): Key {
  const known = special[name];
  if (known !== undefined) {
    const [code, keyCode, text, webDriver] = known;
    return { key: name === 'Space' ? ' ' : name, code, keyCode, text, webDriver };
  }
  if ([...name].length !== 1) throw new Error(`unknown key ${name}`);
  const upper = name.toUpperCase();
  const code = /[A-Z]/.test(upper) ? `Key${upper}` : /[0-9]/.test(name) ? `Digit${name}` : '';
  return { key: name, code, keyCode: /[A-Z0-9]/.test(upper) ? upper.charCodeAt(0) : 0, text: name, webDriver: name };
}

/** `ctrl+shift+Tab` → the modifiers in their order and the key. Throws for a name it doesn't know. */
export function parseKey(name: string): { readonly held: readonly Modifier[]; readonly key: Key } {
  const parts = name === '+' ? ['+'] : name.split('+');
  const held = parts.slice(0, -1).map((part): Modifier => {
    const modifier = part.toLowerCase();
    if (!(modifier in modifiers)) throw new Error(`unknown modifier ${part} in ${name}`);
    return modifier as Modifier;
  });
  return { held, key: oneKey(parts.at(-1) ?? '') };
}
