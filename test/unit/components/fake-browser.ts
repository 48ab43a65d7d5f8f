/** The browser as the components see it in a test: its texts come from public/_locales/en, in American English. */
import messages from '../../../public/_locales/en/messages.json';

const texts: Record<string, { message: string }> = messages;

export default {
  i18n: {
    getMessage: (key: string, substitutions: string[] = []) =>
      (texts[key]?.message ?? '').replace(/\$([1-9])/g, (_, n: string) => substitutions[Number(n) - 1] ?? ''),
    getUILanguage: () => 'en-US',
  },
};
