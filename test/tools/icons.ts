/** `npm run icons`: draws every picture of Cloudopt's icon from its SVG, in Chromium, without a window. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ensureBrowsers, findChromium } from './ensure-browsers';
import { pictures, SOURCE, sourceOf } from './icons/pictures';
import { encodePng, oneColour } from './icons/png';

const root = resolve(import.meta.dirname, '../..');
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Leaves the pixels of each picture in the page, as Base64, one line a picture. */
const page = (svg: string): string => `<!doctype html><pre id="out"></pre><script>
const image = new Image();
image.onload = () => {
  document.getElementById('out').textContent = ${JSON.stringify(pictures)}.map(({ width, height, icon, background }) => {
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    if (background) { context.fillStyle = background; context.fillRect(0, 0, width, height); }
    context.drawImage(image, (width - icon) / 2, (height - icon) / 2, icon, icon);
    return btoa(Array.from(context.getImageData(0, 0, width, height).data, (byte) => String.fromCharCode(byte)).join(''));
  }).join('\\n');
};
image.src = ${JSON.stringify(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`)};
</script>`;

function draw(svg: string): Buffer[] {
  const folder = mkdtempSync(join(tmpdir(), 'cloudopt-icons-'));
  try {
    writeFileSync(join(folder, 'icons.html'), page(svg));
    const given = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`, '--dump-dom'];
    const wait = '--virtual-time-budget=10000';
    const { stdout } = spawnSync(findChromium() ?? 'chromium', [...given, wait, `file://${folder}/icons.html`], {
      encoding: 'utf8',
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    const lines = /<pre id="out">([^<]+)<\/pre>/.exec(stdout ?? '')?.[1]?.split('\n') ?? [];
    if (lines.length !== pictures.length) throw new Error('Chromium drew nothing');
    return lines.map((line) => Buffer.from(line, 'base64'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await ensureBrowsers();
const svg = readFileSync(join(root, SOURCE), 'utf8');
const drawn = draw(svg);
for (const [at, picture] of pictures.entries()) {
  const { file, width, height, background } = picture;
  const pixels = drawn[at] ?? Buffer.alloc(0);
  const png = encodePng(width, height, background ? pixels : oneColour(pixels), sourceOf(svg, picture));
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), png);
  console.log(`${file}: ${png.length} bytes`);
}
