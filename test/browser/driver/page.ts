import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AxeOptions, axeExpression, isVisible, type Page, untilCalm, type Violation, waitMs } from './driver.js';

let source: string | null = null;

/** axe-core's browser build, as text. */
export function axeSource(): string {
  source ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return source;
}

/** Everything a page can do by script alone; the rest is the drivers' own. */
export abstract class ScriptedPage implements Page {
  abstract url(): Promise<string>;
  abstract goto(url: string): Promise<void>;
  abstract reload(): Promise<void>;
  abstract back(): Promise<void>;
  abstract forward(): Promise<void>;
  abstract click(selector: string): Promise<void>;
  abstract key(name: string): Promise<void>;
  abstract type(text: string): Promise<void>;
  abstract screenshot(file: string, options?: { readonly fullPage?: boolean | undefined }): Promise<void>;
  abstract resize(width: number, height: number): Promise<void>;
  abstract zoom(factor: number): Promise<void>;
  abstract close(): Promise<void>;
  abstract bringToFront(): Promise<void>;
  /** Value of an expression, awaited; not subject to the page's content security policy. */
  protected abstract value(expression: string): Promise<unknown>;
  abstract evaluate<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>>;

  async focus(selector: string): Promise<void> {
    await this.waitFor(selector);
    await this.evaluate((css: string) => document.querySelector<HTMLElement>(css)?.focus(), selector);
  }

  async fill(selector: string, value: string): Promise<void> {
    await this.waitFor(selector);
    await this.evaluate(
      (css: string, text: string) => {
        const field = document.querySelector<HTMLElement>(css);
        if (field === null) throw new Error(`nothing matches ${css}`);
        field.focus();
        // The prototype's own setter: frameworks put theirs on the element and would take this for no change.
        const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field) as object, 'value')?.set;
        if (setter === undefined) throw new Error(`${css} has no value to fill`);
        setter.call(field, text);
        field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
        field.dispatchEvent(new Event('change', { bubbles: true }));
      },
      selector,
      value,
    );
  }

  text(selector: string): Promise<string | null> {
    return this.evaluate((css: string) => document.querySelector(css)?.textContent ?? null, selector);
  }

  attribute(selector: string, name: string): Promise<string | null> {
    const read = (css: string, key: string): string | null => document.querySelector(css)?.getAttribute(key) ?? null;
    return this.evaluate(read, selector, name);
  }

  count(selector: string): Promise<number> {
    return this.evaluate((css: string) => document.querySelectorAll(css).length, selector);
  }

  visible(selector: string): Promise<boolean> {
    return this.evaluate(isVisible, selector);
  }

  until<A extends readonly unknown[], T>(
    fn: (...args: A) => T,
    what: string,
    timeoutMs: number = waitMs,
    ...args: A
  ): Promise<Awaited<T>> {
    // A document that is being replaced can't answer; that is 'not yet', as is an error of `fn` before its page is up.
    return untilCalm(() => this.evaluate(fn, ...args), what, timeoutMs);
  }

  async waitFor(selector: string, timeoutMs: number = waitMs): Promise<void> {
    await untilCalm(() => this.visible(selector), `${selector} visible`, timeoutMs);
  }

  async axe(options: AxeOptions = {}): Promise<readonly Violation[]> {
    return (await this.value(`${axeSource()};\n${axeExpression(options)}`)) as readonly Violation[];
  }
}
