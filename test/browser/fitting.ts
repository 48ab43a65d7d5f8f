/** What runs in a page to find texts that do not fit. */

export interface Cut {
  readonly what: string;
  readonly by: string;
}

/** Runs in a page: every text that is wider or higher than its box, or that reaches out of the page. */
export function cutTexts(): Cut[] {
  const wanted = 'button, .button, a, label, legend, h1, h2, h3, h4, dt, dd, summary, strong, .mark, p, li, select';
  const found: Cut[] = [];
  for (const element of document.querySelectorAll<HTMLElement>(wanted)) {
    if (!element.checkVisibility() || element.closest('.visually-hidden, .skip')) continue;
    const what = `${element.tagName.toLowerCase()} ${element.textContent?.slice(0, 40)}`;
    const box = element.getBoundingClientRect();
    if (box.right > document.documentElement.clientWidth + 1 || box.left < -1)
      found.push({ what, by: 'out of the page' });
    // Inline boxes have no size of their own.
    if (getComputedStyle(element).display === 'inline') continue;
    if (element.scrollWidth > element.clientWidth + 1) found.push({ what, by: 'wider than its box' });
    if (element.scrollHeight > element.clientHeight + 1) found.push({ what, by: 'higher than its box' });
  }
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push({ what: 'the page', by: 'scrolls sideways' });
  return found;
}

/** Runs in a page: the three answers of the prompt. */
export function answers() {
  return ['allow', 'not-now', 'never'].map((one) => {
    const element = document.querySelector(`[data-testid="${one}"]`) as HTMLElement;
    const { width, height, top, bottom, left, right } = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return {
      size: `${Math.round(width)} × ${Math.round(height)}`,
      inView: top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth,
      look: [
        style.backgroundColor,
        style.color,
        style.fontSize,
        style.fontWeight,
        style.opacity,
        style.borderTopWidth,
        style.borderTopColor,
        style.boxShadow,
      ].join(' '),
    };
  });
}
