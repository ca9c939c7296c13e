// The live page of a real run: it follows the run once a second, level by level in a climb, shows the
// same charts, becomes the report when the run is over, and says when the run is gone.
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

const kClimb = `
suite = "stairs"
metrics_port = ${kPort}
[load]
transport = "tcp"
ramp = "100ms"
[[mix]]
method = "tools/call"
tool = "echo"
arguments = '''{"message": "{{nonce}}"}'''
[[level]]
name = "low"
connections = 2
rate = "100/s"
[[level]]
name = "high"
connections = 4
rate = "200/s"
[[phase]]
name = "long"
level = "low"
duration = "20s"
[[phase]]
name = "steady"
duration = "4s"
measured = true
[[test]]
name = "at_low"
level = "low"
limits = ["connections >= 2"]
[[test]]
name = "at_high"
level = "high"
limits = ["connections >= 5"]
`;

function start_run(suite = kSuite) {
  const file = path.join(folder, 'watched.toml');
  writeFileSync(file, suite);
  return spawn(process.env.GAUNTLET, ['run', file, '--results', folder, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

const report_of = (name) => path.join(folder, readdirSync(folder).find((id) => id.includes(`-${name}-`)), 'report.html');

async function shows_that_it_is_over(page, name) {
  await page.waitForSelector('header .over');
  const words = await page.locator('header').innerText();
  assert.match(words, /The run is over\./);
  assert.ok(words.includes(report_of(name)), words);
  assert.equal(await page.locator('#state').count(), 0);
  assert.doesNotMatch(await page.locator('main').innerText(), /PENDING|LIVE|no connection/);
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

test('the page follows the run, and becomes its report', { timeout: 240_000 }, async (t) => {
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
  await shows_that_it_is_over(page, 'watched');
  assert.match(await page.locator('header').innerText(), /interrupted/);
  assert.match(await page.locator('.verdicts').innerText(), /watched\.speed[^]*(PASS|FAIL|INCONCLUSIVE)/);
  assert.match(await page.locator('#faults').innerText(), /drop/);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(seen.complaints, []);
  await close();

  const report = await open(browser, `file://${report_of('watched')}`);
  await report.page.waitForSelector('.chart canvas');
  assert.match(await report.page.locator('header').innerText(), /watched/);
  assert.match(await report.page.locator('#faults').innerText(), /drop/);
  assert.deepEqual(report.seen.complaints, []);
  await report.close();
});

test('in a climb it says which level is under way, and becomes the report of all', { timeout: 240_000 }, async (t) => {
  const { page, seen, close } = await open(browser, 'about:blank');  // ready before the first level is
  const run = start_run(kClimb);
  t.after(() => run.kill('SIGKILL'));
  const over = once(run, 'exit');
  await (await answers(`http://127.0.0.1:${kPort}/metrics`)).text();
  await page.goto(`http://localhost:${kPort}/`);
  // Whatever the page showed, however late the browser comes to be asked.
  await page.evaluate(() => {
    globalThis.shown = {};
    const look = () => {
      const level = document.querySelector('header .level')?.textContent;
      if (level) globalThis.shown[level] = document.querySelector('main').innerText;
    };
    look();
    new MutationObserver(look).observe(document.querySelector('main'), { childList: true });
  });
  await over;
  await shows_that_it_is_over(page, 'stairs');
  const shown = await page.evaluate(() => globalThis.shown);
  assert.deepEqual(Object.keys(shown), ['level 1 of 2: low', 'level 2 of 2: high']);
  assert.match(shown['level 1 of 2: low'], /stairs\.at_low[^]*PENDING/);
  assert.match(shown['level 2 of 2: high'], /stairs\.at_high[^]*PENDING/);
  assert.doesNotMatch(shown['level 2 of 2: high'], /at_low/);
  assert.match(await page.locator('.verdicts').innerText(), /stairs\.at_low[^]*stairs\.at_high[^]*FAIL/);
  assert.match(await page.locator('#scaling').innerText(), /low[^]*high/);
  assert.equal(await page.locator('.selector input').count(), 2);
  assert.deepEqual(seen.complaints, []);
  await close();
});

test('of a run that was killed it says that it hears no more', { timeout: 120_000 }, async (t) => {
  const run = start_run();
  t.after(() => run.kill('SIGKILL'));
  await (await answers(`http://127.0.0.1:${kPort}/metrics`)).text();
  const { page, close } = await open(browser, `http://localhost:${kPort}/`);
  await page.waitForSelector('#time .chart canvas');
  run.kill('SIGKILL');
  await once(run, 'exit');
  await page.waitForFunction(() => document.getElementById('state').classList.contains('lost'));
  await close();
});
