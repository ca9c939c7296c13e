// Makes the pictures of docs/images from a real run of the baseline suite (a minute):
//   GAUNTLET=build/release/gauntlet deps/node test/browser/pictures.mjs
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, open } from './browser.mjs';

const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const results = mkdtempSync(path.join(tmpdir(), 'gauntlet-pictures-'));
const kSize = { width: 1280, height: 860 };
const kLiveAtS = 40;  // the connections were cut two seconds before

async function picture(page, section, name) {
  await page.evaluate((id) => {
    document.querySelector(id)?.scrollIntoView({ behavior: 'instant' });
  }, section);
  await page.waitForTimeout(200);
  await page.screenshot({ path: path.join(images, `${name}.png`) });
}

async function while_it_lasts(browser) {
  const { page, close } = await open(browser, 'http://localhost:9090/', { viewport: kSize, colorScheme: 'dark' });
  await page.waitForFunction((t) => {
    const [, minutes, seconds] = /LIVE (\d+):(\d\d)/.exec(document.getElementById('state')?.textContent) ?? [0, 0, 0];
    return 60 * minutes + Number(seconds) >= t;
  }, kLiveAtS, { timeout: 120_000 });
  await picture(page, 'header', 'live');
  await close();
}

async function afterwards(browser) {
  const [id] = readdirSync(results);
  const { page, close } = await open(browser, `file://${path.join(results, id, 'report.html')}`, { viewport: kSize });
  await page.waitForSelector('.chart canvas');
  await picture(page, 'header', 'report');
  await picture(page, '#time', 'report-time');
  await picture(page, '#latency', 'report-latency');
  await close();
}

const run = spawn(process.env.GAUNTLET, ['run', 'baseline', '--results', results], { stdio: ['ignore', 'pipe', 'inherit'] });
const over = once(run, 'exit');
for await (const text of run.stdout) if (String(text).includes('connections: ')) break;
run.stdout.resume();
const browser = await launch();
await while_it_lasts(browser);
await over;
await afterwards(browser);
await browser.close();
rmSync(results, { recursive: true });
