import type { ComponentChildren } from 'preact';
import { Icon } from './icons';

export interface BannerProps {
  readonly tone?: 'info' | 'warn' | 'danger';
  readonly title?: string | undefined;
  readonly children?: ComponentChildren;
  /** Read out at once; only for what just happened. */
  readonly alert?: boolean;
}

export function Banner({ tone = 'info', title, children, alert }: BannerProps) {
  return (
    <div class="banner" data-tone={tone} role={alert ? 'alert' : undefined}>
      <Icon name={tone === 'info' ? 'info' : 'warning'} />
      <div class="banner-body">
        {title === undefined ? null : <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}
