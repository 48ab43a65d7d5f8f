import browser from 'webextension-polyfill';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../utils/platform/clock';
import { language, type TextKey, text } from '../utils/platform/text';

/** Dates, times and numbers as one language writes them. Moments are in milliseconds since 1970. */
export interface Formats {
  /** `31 Jan 2026, 14:05` */
  moment(atMs: number): string;
  /** The same with seconds and the name of the time zone. */
  exact(atMs: number): string;
  date(atMs: number): string;
  time(atMs: number): string;
  /** An hour of the day, 0 to 23. */
  hour(hour: number): string;
  /** A calendar day such as `2026-01-31`. */
  day(day: string): string;
  /** The same, short enough for the axis of a plot. */
  shortDay(day: string): string;
  number(n: number): string;
  /** Minutes, and hours from 60 minutes on. */
  duration(ms: number): string;
  bytes(n: number): string;
}

const noonOf = (day: string): Date => new Date(`${day}T12:00:00`);

/** Made when it is first needed: one costs a browser up to a millisecond, and a page needs few of them. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export function formatsFor(locale: string): Formats {
  const format = (options: Intl.DateTimeFormatOptions) => once(() => new Intl.DateTimeFormat(locale, options));
  const unit = (name: string, options: Intl.NumberFormatOptions = {}) =>
    once(() => new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', ...options }));
  const moment = format({ dateStyle: 'medium', timeStyle: 'short' });
  const exact = format({
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
  const date = format({ dateStyle: 'medium' });
  const time = format({ timeStyle: 'short' });
  const hour = format({ hour: 'numeric' });
  const day = format({ weekday: 'short', day: 'numeric', month: 'short' });
  const shortDay = format({ day: 'numeric', month: 'numeric' });
  const number = once(() => new Intl.NumberFormat(locale));
  const hours = unit('hour');
  const minutes = unit('minute');
  const kilobytes = unit('kilobyte', { maximumFractionDigits: 0 });
  const megabytes = unit('megabyte', { maximumFractionDigits: 1 });
  return {
    moment: (atMs) => moment().format(atMs),
    exact: (atMs) => exact().format(atMs),
    date: (atMs) => date().format(atMs),
    time: (atMs) => time().format(atMs),
    hour: (n) => hour().format(new Date(2026, 0, 1, n)),
    day: (raw) => day().format(noonOf(raw)),
    shortDay: (raw) => shortDay().format(noonOf(raw)),
    number: (n) => number().format(n),
    duration: (ms) => {
      const rounded = Math.round(ms / MINUTE_MS);
      if (rounded < HOUR_MS / MINUTE_MS) return minutes().format(rounded);
      const rest = rounded % 60;
      return [hours().format(Math.floor(rounded / 60)), ...(rest > 0 ? [minutes().format(rest)] : [])].join(' ');
    },
    bytes: (n) => (n < 1_000_000 ? kilobytes().format(n / 1000) : megabytes().format(n / 1_000_000)),
  };
}

/** The language and the script: `en-GB` is written as `en` is, `zh-CN` and `zh-TW` are not written alike. */
function writing(tag: string): string {
  const { language: base, script } = new Intl.Locale(tag).maximize();
  return `${base} ${script}`;
}

/** The browser's own locale where it is of the language that the texts are in (`en-GB` with English), else the texts' language. */
function locale(): string {
  const browsers = browser.i18n.getUILanguage();
  return writing(browsers) === writing(language()) ? browsers : language();
}

interface Made {
  readonly language: string;
  readonly formats: Formats;
  readonly plurals: () => Intl.PluralRules;
}

let made: Made | undefined;

/** Made anew where another language was picked. */
function current(): Made {
  const spoken = language();
  if (made?.language !== spoken) {
    made = { language: spoken, formats: formatsFor(locale()), plurals: once(() => new Intl.PluralRules(spoken)) };
  }
  return made;
}

export const formats: Formats = {
  moment: (atMs) => current().formats.moment(atMs),
  exact: (atMs) => current().formats.exact(atMs),
  date: (atMs) => current().formats.date(atMs),
  time: (atMs) => current().formats.time(atMs),
  hour: (hour) => current().formats.hour(hour),
  day: (day) => current().formats.day(day),
  shortDay: (day) => current().formats.shortDay(day),
  number: (n) => current().formats.number(n),
  duration: (ms) => current().formats.duration(ms),
  bytes: (n) => current().formats.bytes(n),
};

/** `today 14:05`, or the date and time. */
export function whenText(atMs: number, nowMs = Date.now()): string {
  const sameDay = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  if (sameDay) return text('when_today', formats.time(atMs));
  const nextDay = new Date(nowMs + DAY_MS).toDateString() === new Date(atMs).toDateString();
  return nextDay ? text('when_tomorrow', formats.time(atMs)) : formats.moment(atMs);
}

type CountKey = {
  [K in TextKey]: K extends `${infer Base}_other` ? (`${Base}_one` extends TextKey ? Base : never) : never;
}[TextKey];

/** A text with a number in it (`$1`), in the form that the number needs; languages may add forms such as `_few`. */
export function counted(base: CountKey, n: number, ...more: (string | number)[]): string {
  const form = `${base}_${current().plurals().select(n)}` as TextKey;
  return text(form, formats.number(n), ...more) || text(`${base}_other` as TextKey, formats.number(n), ...more);
}
