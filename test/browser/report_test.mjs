// report.html in a real browser: what it shows, that it needs nothing from outside, that hostile text
// stays text, that it is accessible and prints, and that a day's report is small.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { launch, open, violations } from './browser.mjs';

const kFaultAtS = 60;  // made_runs.h
const folder = mkdtempSync(path.join(tmpdir(), 'gauntlet-pages-'));
execFileSync(process.env.PAGES, [folder]);
const browser = await launch();
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const file = (name) => path.join(folder, `${name}.html`);
const report = (name, options) => open(browser, `file://${file(name)}`, options);
const names = ['full', 'hostile', 'day', 'climb', 'capacity'];

for (const name of names) {
  test(`${name}: no complaint, and no request beyond the file itself`, async () => {
    const { page, seen, close } = await report(name);
    await page.waitForSelector('.chart canvas');
    assert.deepEqual(seen.complaints, []);
    assert.deepEqual(seen.requests.filter((url) => !url.startsWith('data:')), [`file://${file(name)}`]);
    await close();
  });
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      test(`${name}: axe finds nothing, ${colorScheme}, ${width} px, and nothing hangs over`, async () => {
        const { page, close } = await report(name, { colorScheme, viewport: { width, height: 800 } });
        await page.waitForSelector('.chart canvas');
        assert.deepEqual(await violations(page), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        await close();
      });
    }
  }
}

test('the verdicts come first, each limit with what was observed', async () => {
  const { page, close } = await report('full');
  assert.equal(await page.locator('section').first().getAttribute('id'), 'verdicts');
  assert.match(await page.locator('header .badge').innerText(), /FAIL/);
  const rows = await page.locator('.verdicts tr.test').allInnerTexts();
  const wanted = ['PASS', 'WARN', 'FAIL', 'INCONCLUSIVE', 'SKIPPED'];
  assert.equal(rows.length, wanted.length);
  wanted.forEach((verdict, i) => assert.match(rows[i], new RegExp(verdict)));
  assert.match(await page.locator('.verdicts').innerText(), /p95\s+4\.13 ms\s+<= 102 ms, warn <= 110\.5 ms/);
  assert.match(await page.locator('#environment').innerText(), /gauntlet run baseline --mode demo --seed 42/);
  assert.match(await page.locator('#self-check').innerText(), /61,300\/s echoed here/);
  await close();
});

test('every chart that a run can have is there', async () => {
  const { page, close } = await report('full');
  const titles = await page.locator('.chart h3').allInnerTexts();
  for (const title of ['Throughput', 'Response time', 'Service time', 'Errors by class', 'Connections', 'Messages under way', 'Longest pause of the target',
    'Memory of the target', 'Who had the cores', 'Send lag of the generator', 'Heat map of response times',
    'Percentiles of the measured phase', 'Recovery from drop_connections', 'Who was hit, and who came back'])
    assert.ok(titles.includes(title), `${title} is missing in ${titles}`);
  assert.deepEqual(await page.locator('.chart').evaluateAll((all) => all.filter((c) => !c.querySelector('canvas')).length), 0);
  await close();
});

test('a fault is shaded at its time, in every chart over time', async () => {
  const { page, close } = await report('full');
  await page.waitForSelector('.chart canvas');
  const where = await page.locator('#time .chart').evaluateAll((charts) => charts.map((chart) => {
    const fault = chart.querySelector('.u-over .fault');
    const plot = chart.querySelector('.u-over').getBoundingClientRect();
    return fault && { text: fault.title, share: (fault.getBoundingClientRect().left - plot.left) / plot.width };
  }));
  assert.ok(where.length >= 8);
  for (const fault of where) {
    assert.equal(fault.text, 'drop_connections (disconnect), 1:00 to 1:00');
    assert.ok(Math.abs(fault.share - kFaultAtS / 120) < 0.01, `at ${fault.share} of the chart`);
  }
  assert.match(await page.locator('#faults').innerText(), /kernel_tcp_out_rsts 38/);
  assert.match(await page.locator('#faults').innerText(), /skipped: no network namespace may be made here/);
  await close();
});

test('one cursor and one zoom for all charts, by mouse and by keyboard', async () => {
  const { page, close } = await report('full');
  const first = page.locator('#time .plot').first();
  const wheres = () => page.locator('#time .where').allInnerTexts();
  await first.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  const read = await wheres();
  assert.ok(read.every((text) => text === read[0] && text !== ''), `${read}`);
  assert.match(await page.locator('#time .legend').first().innerText(), /achieved\s*[\d,]+\/s/);
  const ticks = () => page.locator('#time .chart').first().evaluate((chart) =>
    [...chart.querySelectorAll('.u-over .phase')].map((phase) => Math.round(parseFloat(phase.style.width))));
  const before = await ticks();
  await page.keyboard.press('+');
  await page.waitForFunction((old) => {
    const phases = document.querySelectorAll('#time .chart:nth-child(2) .u-over .phase');
    return Math.round(parseFloat(phases[0]?.style.width ?? 0)) !== old;
  }, before[0]);
  await page.keyboard.press('Escape');
  await page.waitForFunction((old) => {
    const phases = document.querySelectorAll('#time .chart:nth-child(2) .u-over .phase');
    return Math.round(parseFloat(phases[0]?.style.width ?? 0)) === old;
  }, before[0]);
  const box = await first.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const pointed = await wheres();
  assert.ok(pointed.every((text) => text === pointed[0] && text !== ''), `${pointed}`);
  await close();
});

test('a line can be switched off by its button', async () => {
  const { page, close } = await report('full');
  const button = page.locator('#time .legend button', { hasText: 'offered' });
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  await button.focus();
  await page.keyboard.press('Enter');
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  await close();
});

test('hostile text stays text', async () => {
  const { page, close } = await report('hostile');
  await page.waitForSelector('.chart canvas');
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img').count(), 0);
  assert.equal(await page.locator('script').count(), 2);
  assert.match(await page.locator('header .target').innerText(), /<\/script><script>window\.hacked=1<\/script><img/);
  assert.match(await page.locator('#faults').innerText(), /<\/script>/);
  await close();
});

test('the details of a climb are those of the level that is chosen', async () => {
  const { page, close } = await report('climb');
  const labels = page.locator('.selector label');
  assert.equal(await labels.count(), 5);
  const words = () => page.locator('#clients').innerText();
  assert.ok(await page.locator('#part-4').isChecked());
  await page.locator('#part-0').focus();
  await page.keyboard.press('Space');
  await page.waitForFunction(() => document.querySelector('#part-0').checked && document.querySelector('#part .chart canvas'));
  assert.match(await words(), /connects/);
  assert.match(await page.locator('#scaling').innerText(), /Contention/);
  assert.match(await page.locator('#scaling tbody tr').last().innerText(), /NOT trusted/);
  await close();
});

test('a search for capacity shows its estimate and its steps', async () => {
  const { page, close } = await report('capacity');
  assert.match(await page.locator('#capacity .finding').innerText(), /41,000/);
  assert.match(await page.locator('#capacity').innerText(), /p99 132 ms, limit < 100 ms/);
  await close();
});

test('a day: below 8 MB, and its one bad second is still seen', async () => {
  assert.ok(statSync(file('day')).size < 8e6, `${statSync(file('day')).size} bytes`);
  const { page, close } = await report('day');
  const opened_ms = await page.evaluate(() => new Promise((done) => {
    requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0));
  }));
  console.log(`day: ${statSync(file('day')).size} bytes, drawn ${Math.round(opened_ms)} ms after it was asked for`);
  const worst = await page.evaluate(() => {
    const { columns } = JSON.parse(document.getElementById('data').textContent).parts[0].seconds;
    return [Math.max(...columns.response_p50), Math.max(...columns.error_indeterminate)];
  });
  assert.ok(worst[0] > 500 && worst[1] > 2000, `${worst}`);
  assert.equal(await page.locator('#hours tbody tr').count(), 10);
  assert.match(await page.locator('#time .notes').innerText(), /the least and the most of/);
  await close();
});

test('on paper it is light, its charts too, and no chart is cut off', async () => {
  const { page, close } = await report('full', { colorScheme: 'dark' });
  await page.waitForSelector('.chart canvas');
  const grid = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--line').trim());
  const dark = await grid();
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.notEqual(await grid(), dark, 'charts are drawn in the colours of paper before it is laid out');
  const widths = await page.locator('.chart canvas').evaluateAll((all) => all.map((canvas) => canvas.clientWidth));
  assert.ok(widths.every((width) => width < 680), `${widths}`);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await grid(), dark);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  assert.equal(await page.locator('nav').isVisible(), false);
  const pdf = await page.pdf({ format: 'A4' });
  assert.ok(pdf.length > 50_000);
  await close();
});
