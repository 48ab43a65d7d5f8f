import { type ComponentChild, h, render } from 'preact';
import { onLanguageChanged } from '../utils/messages/client';
import { language, type TextKey, text } from '../utils/platform/text';
import { reportFaults } from './feedback';
import { learnLanguage, onSpoken, speakFromMemory } from './page-language';

export interface StartOptions {
  /**
   * `follow`: renders at once in the language that is known, and anew when another is picked. `fixed`: asks for the language
   * before it renders, and stays with it: what is on screen is put on record as it was shown.
   */
  readonly language?: 'follow' | 'fixed';
  /** Held back until this resolves, so that the first paint is of the whole page. It must not take long, nor reject. */
  readonly after?: Promise<unknown>;
}

/** Sets the page's language, direction and title, and renders `App` into its `app` element. */
export function startPage(title: TextKey, App: () => ComponentChild, options: StartOptions = {}): void {
  reportFaults();
  const root = document.documentElement;
  let set = '';
  const show = () => {
    root.lang = language();
    root.dir = text('text_direction') === 'rtl' ? 'rtl' : 'ltr';
    // A title that the page has put in its place is the page's own.
    if (set === '' || document.title === set) {
      set = text(title);
      document.title = set;
    }
    const place = document.getElementById('app');
    if (place) render(h(App, null), place);
  };
  // Where the background does not answer, the page's own questions say so, in the language that there is.
  const learn = () => learnLanguage().catch(console.warn);

  const known = speakFromMemory();
  if (options.language === 'fixed') {
    void learn().then(show);
    return;
  }
  const follow = () => {
    show();
    onSpoken(show);
    onLanguageChanged(learn);
  };
  const begin = () => {
    if (!known) return void learn().then(follow);
    follow();
    // The browser may have emptied the memory: then this brings it back.
    return void learn();
  };
  if (options.after) void options.after.then(begin);
  else begin();
}
