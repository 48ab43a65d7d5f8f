import { type ComponentChild, render } from 'preact';
import { language, type TextKey, text } from '../utils/platform/text';
import { reportFaults } from './feedback';

/** Sets the page's language, direction and title, then renders into its `app` element. */
export function startPage(title: TextKey | undefined, app: ComponentChild): void {
  reportFaults();
  const root = document.documentElement;
  root.lang = language();
  root.dir = text('text_direction') === 'rtl' ? 'rtl' : 'ltr';
  if (title !== undefined) document.title = text(title);
  const place = document.getElementById('app');
  if (place) render(app, place);
}
