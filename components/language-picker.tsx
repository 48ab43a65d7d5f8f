import { useState } from 'preact/hooks';
import { type LanguageChoice, languageNames, locales, tagOf } from '../utils/platform/languages';
import { text } from '../utils/platform/text';
import { pickedLanguage, pickLanguage } from './page-language';
import { problemText } from './problem';
import { SelectField } from './select-field';

/** The browser's language, or one of Cloudopt's own, by its own name. */
export function LanguagePicker() {
  const [problem, setProblem] = useState('');
  const pick = async (choice: LanguageChoice) => {
    try {
      setProblem('');
      await pickLanguage(choice);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <div class="language-picker stack-tight">
      <SelectField
        label={text('language_label')}
        value={pickedLanguage()}
        testId="language"
        options={[
          { value: 'automatic', text: text('language_automatic') },
          ...locales.map((locale) => ({ value: locale, text: languageNames[locale], lang: tagOf(locale) })),
        ]}
        onChange={pick}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}
