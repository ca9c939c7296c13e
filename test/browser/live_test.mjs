// The live page of a real run: it follows the run once a second, shows the same charts, and says when
// the run is gone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { launch, open, violations } from './browser.mjs';

const kPort = 19193;
const kSuite = `
suite = "watched"
metrics_port = ${kPort}
[load]
connections = 20
rate = "400/s"
timeout = "5s"
reconnect_min = "500ms"
reconnect_max = "1s"
[[mix]]
method = "tools/call"
tool = "echo"
arguments = '''{"message": "{{nonce}}"}'''
[[phase]]
name = "steady"
duration = "600s"
measured = true
[[fault]]
id = "drop"
kind = "disconnect"
phase = "steady"
at = "6s"
share = 0.5
how = "mixed"
[[test]]
name = "speed"
purpose = "it is quick enough"
limits = ["p95 < 3s"]
`;

const folder = mkdtempSync(path.join(tmpdir(), 'gauntlet-live-'));
const browser = await launch();
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

function start_run() {
  writeFileSync(path.join(folder, 'watched.toml'), kSuite);
  return spawn(process.env.GAUNTLET, ['run', path.join(folder, 'watched.toml'), '--results', folder, '--quiet'],
    { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function answers(url) {
  for (;;) {
    try {
      return await fetch(url);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test('the page follows the run, and says when the run is gone, which leaves a report', { timeout: 120_000 }, async (t) => {
  const run = start_run();
  t.after(() => run.kill('SIGKILL'));
  await (await answers(`http://127.0.0.1:${kPort}/metrics`)).text();
  const { page, seen, close } = await open(browser, `http://localhost:${kPort}/`);
  const seconds_shown = () => page.locator('#state').innerText();

  await page.waitForSelector('#time .chart canvas');
  assert.match(await page.locator('.verdicts').innerText(), /watched\.speed[^]*it is quick enough[^]*PENDING[^]*p95[^]*< 3,000 ms/);
  assert.match(await page.locator('#time .notes').innerText(), /fault, as planned/);
  assert.equal(await page.locator('#time .chart').first().locator('.fault').count(), 1);

  await page.waitForFunction(() => /LIVE 0:0[3-9]|LIVE 0:[1-5]/.test(document.getElementById('state').textContent));
  const before = await seconds_shown();
  await page.waitForFunction((old) => document.getElementById('state').textContent !== old, before);
  await page.waitForFunction(() => /[1-9]/.test(document.querySelector('#figures dd').textContent));

  // Whoever comes later finds what was before, and the errors that the fault made.
  await page.waitForFunction(() => [...document.querySelectorAll('.chart h3')].some((h) => h.textContent === 'Errors by class'));
  const late = await open(browser, `http://localhost:${kPort}/`);
  await late.page.waitForSelector('#time .chart canvas');
  const titles = await late.page.locator('.chart h3').allInnerTexts();
  for (const title of ['Throughput', 'Response time', 'Connections', 'Memory of the target', 'Heat map of response times'])
    assert.ok(titles.includes(title), `${title} is missing in ${titles}`);
  assert.deepEqual(await violations(late.page), []);
  assert.deepEqual(late.seen.complaints, []);
  await late.close();

  assert.deepEqual(seen.complaints, []);
  assert.deepEqual(seen.requests.filter((url) => !url.startsWith(`http://localhost:${kPort}/`) && !url.startsWith('data:')), []);

  run.kill('SIGINT');
  const [code] = await once(run, 'exit');
  assert.equal(code, 130);
  await page.waitForFunction(() => document.getElementById('state').classList.contains('lost'));
  await close();

  const [id] = readdirSync(folder).filter((name) => name.includes('watched-') );
  const report = await open(browser, `file://${path.join(folder, id, 'report.html')}`);
  await report.page.waitForSelector('.chart canvas');
  assert.match(await report.page.locator('header').innerText(), /watched/);
  assert.match(await report.page.locator('#faults').innerText(), /drop/);
  assert.deepEqual(report.seen.complaints, []);
  await report.close();
});
