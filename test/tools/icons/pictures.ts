/** Each picture that browsers and stores want of Cloudopt's icon, all drawn from one SVG. */
import { createHash } from 'node:crypto';

export const SOURCE = 'public/icon/cloudopt.svg';

export interface Picture {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** Side of the icon, in the middle. */
  readonly icon: number;
  /** Behind it; see-through where `null`. */
  readonly background: string | null;
}

/** On the toolbar, at one and more pixels a point: Chromium and Firefox 16 and 32, Windows 24, older systems 19 and 38. */
export const toolbarSizes = [16, 19, 24, 32, 38] as const;
/** In lists of extensions, at installation, in the stores. */
export const listSizes = [16, 32, 48, 64, 96, 128] as const;

const sizes = [...new Set<number>([...toolbarSizes, ...listSizes])].sort((one, other) => one - other);

export const iconPath = (size: number): string => `icon/${size}.png`;

/** Sizes with their files, as a manifest names them. */
export const iconsOf = (some: readonly number[]): Record<string, string> =>
  Object.fromEntries(some.map((size) => [size, iconPath(size)]));

export const pictures: readonly Picture[] = [
  ...sizes.map((size) => ({
    file: `public/${iconPath(size)}`,
    width: size,
    height: size,
    icon: size,
    background: null,
  })),
  // The Chrome Web Store wants 96 pixels of icon within 128.
  { file: 'store/icon-128.png', width: 128, height: 128, icon: 96, background: null },
  { file: 'store/edge-logo-300.png', width: 300, height: 300, icon: 256, background: null },
  { file: 'store/tile-440x280.png', width: 440, height: 280, icon: 176, background: '#eef6fa' },
];

/** What a picture was made from: the SVG and how it is laid out. */
export const sourceOf = (svg: string, { icon, background }: Picture): string =>
  createHash('sha256').update(svg).update(`${icon} ${background}`).digest('hex').slice(0, 16);
