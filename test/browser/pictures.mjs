// Makes the pictures of docs/images from real runs (four minutes): of the baseline suite, and of the
// two suites in pictures/. Each is there light and dark, some as a phone shows them too.
//   GAUNTLET=build/release/gauntlet deps/node test/browser/pictures.mjs [NAME…]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, open } from './browser.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const images = here('../../docs/images/');
const wanted = process.argv.slice(2);
const work = mkdtempSync(path.join(tmpdir(), 'gauntlet-pictures-'));
const kQuality = 0.82;
const kLive = 'http://localhost:9090/';
const kLiveAtS = 43;  // baseline's connections were cut five seconds before
const kWide = { viewport: { width: 1280, height: 860 } };
const kNarrow = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true };
const kSharp = { ...kWide, deviceScaleFactor: 2 };  // of a single chart

// From the top of the first element to the bottom of the last, or as far as one screen goes.
async function picture(page, name, elements, tall) {
  const clip = await page.evaluate(([first, last, tall]) => {
    scrollTo({ top: 0, behavior: 'instant' });
    const chart = (title) => [...document.querySelectorAll('.chart')].find((c) => c.querySelector('h3').textContent.startsWith(title));
    const find = (what) => (/^[#.a-z]/.test(what) ? document.querySelector(what) : chart(what));
    const [from, to] = [find(first).getBoundingClientRect(), find(last).getBoundingClientRect()];
    const margin = 12;
    const whole = { x: Math.min(from.left, to.left) - margin, y: from.top - margin, right: Math.max(from.right, to.right) + margin, bottom: to.bottom + margin };
    const x = Math.max(whole.x, 0);
    const y = Math.max(whole.y, 0);
    const height = whole.bottom - y;
    return { x, y, width: Math.min(whole.right, innerWidth) - x, height: tall ? height : Math.min(height, innerHeight) };
  }, [elements[0], elements.at(-1), tall]);
  const png = await page.screenshot({ clip, fullPage: true });
  const webp = await page.context().newPage();
  const data = await webp.evaluate(async ([base64, quality]) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height });
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    return canvas.toDataURL('image/webp', quality).split(',')[1];
  }, [png.toString('base64'), kQuality]);
  writeFileSync(path.join(images, `${name}.webp`), Buffer.from(data, 'base64'));
}

const kSchemes = [['light', ''], ['dark', '-dark']];
const is_wanted = (name) => wanted.length === 0 || wanted.includes(name);

// A report, light and dark.
async function both(browser, url, name, elements, { options = kWide, tall = true } = {}) {
  if (!is_wanted(name)) return;
  for (const [colorScheme, ending] of kSchemes) {
    const { page, close } = await open(browser, url, { ...options, colorScheme });
    await page.waitForSelector('.chart canvas');
    await page.waitForTimeout(300);
    await picture(page, name + ending, elements, tall);
    await close();
  }
}

// Runs a suite; gives the URL of its report. `more` times it is made anew if a busy machine spoilt it.
async function run(suite, meanwhile = async () => {}, more = 0) {
  const results = mkdtempSync(path.join(work, 'run-'));
  const child = spawn(process.env.GAUNTLET, ['run', suite, '--results', results], { stdio: ['ignore', 'pipe', 'inherit'] });
  const over = once(child, 'exit');
  child.stdout.pipe(process.stdout);
  await meanwhile();
  const [code] = await over;
  if (code !== 0 && more > 0) return run(suite, meanwhile, more - 1);
  return `file://${path.join(results, readdirSync(results)[0], 'report.html')}`;
}

async function live(browser) {
  while (!(await fetch(kLive).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 100));
  const views = [];
  for (const [name, options] of [['live', kWide], ['live-narrow', kNarrow]])
    for (const [colorScheme, ending] of kSchemes)
      if (is_wanted(name)) views.push({ name: name + ending, ...(await open(browser, kLive, { ...options, colorScheme })) });
  for (const { page, name, close } of views) {
    await page.waitForFunction((t) => {
      const [, minutes, seconds] = /LIVE (\d+):(\d\d)/.exec(document.getElementById('state')?.textContent) ?? [0, 0, 0];
      return 60 * minutes + Number(seconds) >= t;
    }, kLiveAtS, { timeout: 120_000 });
    await picture(page, name, ['header', '#time'], false);
    await close();
  }
}

async function of_baseline(browser) {
  const url = await run('baseline', () => live(browser), 2);
  const first = { options: { viewport: { width: 1280, height: 1040 } }, tall: false };
  await both(browser, url, 'verdicts', ['header', '#verdicts'], first);
  await both(browser, url, 'verdicts-narrow', ['header', '#verdicts'], { options: kNarrow, tall: false });
  await both(browser, url, 'heat', ['Heat map'], { options: kSharp });
  await both(browser, url, 'percentiles', ['Percentiles'], { options: kSharp });
}

async function of_faults(browser) {
  const url = await run(here('pictures/faults.toml'), undefined, 2);
  await both(browser, url, 'faults', ['#time', 'Connections']);
  await both(browser, url, 'faults-narrow', ['Throughput', 'Response time'], { options: kNarrow });
  await both(browser, url, 'recovery', ['#faults']);
  await both(browser, url, 'clients', ['#clients']);
}

async function of_climb(browser) {
  const url = await run(here('pictures/climb.toml'));
  await both(browser, url, 'scaling', ['#scaling .chart'], { options: kSharp });
}

const browser = await launch();
if (['live', 'live-narrow', 'verdicts', 'verdicts-narrow', 'heat', 'percentiles'].some(is_wanted)) await of_baseline(browser);
if (['faults', 'faults-narrow', 'recovery', 'clients'].some(is_wanted)) await of_faults(browser);
if (is_wanted('scaling')) await of_climb(browser);
await browser.close();
rmSync(work, { recursive: true });
