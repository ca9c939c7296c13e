// bench/compare/compare.sh: what it writes, that what failed is no number, and that nothing is left.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { kMessage, stateless_call } from '../../bench/compare/call.mjs';
import { House } from '../../bench/compare/house.mjs';
import { tree } from '../../bench/compare/proc.mjs';
import { interval, median } from '../../bench/compare/statistics.mjs';
import { run_tool, tools } from '../../bench/compare/tools.mjs';
import { gauntlet, until } from '../peers/gauntlet.mjs';
import { listen_below_ephemeral } from '../peers/listen.mjs';

const compare = fileURLToPath(new URL('../../bench/compare/compare.sh', import.meta.url));

function folder(t) {
  const made = mkdtempSync(path.join(tmpdir(), 'gauntlet-compare-test-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

function run(out, options, env = {}) {
  const result = spawnSync('bash', [compare, '--rounds', '1', '--seconds', '1', '--out', out, ...options],
                           { encoding: 'utf8', env: { ...process.env, ...env } });
  const file = path.join(out, 'compare.json');
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
  return { ...result, report, text: report && readFileSync(path.join(out, 'compare.md'), 'utf8') };
}

// A program in the place of gauntlet: `script` sees its arguments.
function in_its_place(where, script) {
  const file = path.join(where, 'gauntlet');
  writeFileSync(file, `#!/usr/bin/env bash\n${script}\n`, { mode: 0o755 });
  return { GAUNTLET: file };
}

test('an interval of order statistics needs six values', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(interval([5, 1, 2, 3, 4]),
                   { low: 1, high: 5, method: 'min-max', confidence: null });
  assert.deepEqual(interval([6, 5, 1, 2, 3, 4]),
                   { low: 1, high: 6, method: 'order statistics', confidence: 1 - 2 / 64 });
  // 1 - 2 (1 + 9) / 512, and one more at each end would leave 82 %
  assert.deepEqual(interval([9, 8, 7, 6, 5, 4, 3, 2, 1]),
                   { low: 2, high: 8, method: 'order statistics', confidence: 1 - 20 / 512 });
});

function check_ratio(ratio, measurements) {
  const value = (id) => measurements.find(({ subject }) => subject === id)[ratio.metric];
  const expected = value(ratio.of) / value(ratio.over);
  assert.deepEqual(ratio.values, [expected], ratio.text);
  assert.equal(ratio.median, expected);
  assert.deepEqual(ratio.interval,
                   { low: expected, high: expected, method: 'min-max', confidence: null });
}

test('a report has ratios, goals, the machine and the pattern of each figure', (t) => {
  const { status, stderr, report, text } =
    run(folder(t), ['--only', 'generators,floor,cost', '--connections-max', '150']);
  assert.equal(status, 0, stderr);
  assert.equal(report.schema, 'gauntlet/compare/v1');
  assert.deepEqual(report.failures, []);
  assert.ok(report.machine.cores >= 2 && report.machine.cpu_model && report.machine.kernel);
  for (const tool of ['gauntlet', 'wrk', 'h2load', 'hey', 'nginx', 'autocannon'])
    assert.match(report.tools[tool], /^\d/, tool);
  assert.ok(report.others_cpu_share.median >= 0 && report.others_cpu_share.max <= 1);

  assert.deepEqual(report.chapters.map(({ kind }) => kind), ['generators', 'floor', 'cost']);
  const [generators, floor] = report.chapters;
  assert.equal(generators.ratios.length, 8);
  for (const ratio of generators.ratios) check_ratio(ratio, report.measurements);
  for (const { pattern, figures } of generators.subjects) {
    assert.ok(pattern.request_bytes > 500 && pattern.answer_bytes > 200 && pattern.connections === 150);
    assert.ok(figures.generator_cpu_us.median > 0 && figures.server_cpu_us.median > 0);
  }
  const known = floor.ratios.filter(({ rounds }) => rounds === 1);
  assert.deepEqual(known.map(({ of }) => of), ['gauntlet: tcp, 150 connections, burst 1',
                                               'gauntlet: http, 150 connections, burst 1']);
  for (const ratio of known) check_ratio(ratio, report.measurements);

  const judged = report.goals.filter(({ met }) => met !== null);
  assert.equal(judged.length, 3); // wrk, and the floor with each transport
  for (const { goal, reached, met } of judged)
    assert.equal(met, goal.at_most === undefined ? reached >= goal.at_least : reached <= goal.at_most);
  for (const goal of report.goals.filter(({ met }) => met === null)) assert.equal(goal.reached, null);
  assert.match(text, /^\| goal \| wanted \| reached \| interval \| met\? \|$/m);
  assert.match(text, /15000 connections, burst 33 \| ≥ 0.7 \| – \| – \| not measured \|/);
  for (const { id } of report.chapters.flatMap(({ subjects }) => subjects)) assert.ok(text.includes(id));
});

test('what a server refused under load is a failure and no number', (t) => {
  const out = folder(t);
  const few_descriptors = `[ "$1" != serve ] || ulimit -n 64\nexec ${gauntlet} "$@"`;
  const { status, stderr, report, text } =
    run(out, ['--only', 'tls'], in_its_place(out, few_descriptors));
  assert.equal(status, 1, stderr);
  assert.match(stderr, /measurements failed/);
  assert.deepEqual(report.measurements, []);
  assert.equal(report.failures.length, 4);
  for (const { why } of report.failures) assert.match(why, /^wrk met .*(not 2xx|failed reads)/);
  for (const ratio of report.chapters[0].ratios) assert.equal(ratio.median, null);
  assert.match(text, /^### Failed$/m);
});

test('a server that answers 500 is not measured at all', (t) => {
  const out = folder(t);
  const script = path.join(out, 'failing.cjs');
  writeFileSync(script, `require('http')
    .createServer((_, answer) => { answer.statusCode = 500; answer.end('{}') })
    .listen(0, '127.0.0.1', function () {
      console.log('gauntlet serve: listening on http://127.0.0.1:' + this.address().port + '/mcp') })`);
  const { status, stderr, report } =
    run(out, ['--only', 'servers'], in_its_place(out, `exec ${process.execPath} ${script}`));
  assert.equal(status, 1, stderr);
  assert.match(stderr, /does not answer the call: HTTP 500/);
  assert.equal(report, null);
});

// Answers the first call right, which run_tool looks at, and then as `later` does.
async function turncoat(t, later) {
  let asked = 0;
  const result = { content: [{ type: 'text', text: kMessage }] };
  const right = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
  const server = createServer((request, answer) => {
    request.resume();
    if (++asked === 1) answer.end(right);
    else later(answer, right);
  });
  const port = await listen_below_ephemeral(server);
  t.after(() => server.close() && server.closeAllConnections());
  return `http://127.0.0.1:${port}/mcp`;
}

for (const name of Object.keys(tools))
  test(`${name}: an answer that is not 2xx, or another one, is an error`, async (t) => {
    const house = new House();
    t.after(() => house.close());
    const job = { call: stateless_call, connections: 4, seconds: 1 };
    const measure = (url) => run_tool(house, name, { url, ...job });
    const fine = await measure(await turncoat(t, (answer, right) => answer.end(right)));
    assert.ok(fine.requests > 0 && fine.seconds > 0.5 && fine.cpu_s > 0);
    const failing = await turncoat(t, (answer, right) => answer.writeHead(500).end(right));
    await assert.rejects(measure(failing), /(not 2xx|5xx|answers 500)/);
    const other = await turncoat(t, (answer, right) => answer.end(right.slice(0, -20)));
    await assert.rejects(measure(other), /its answers had .* bytes each, the verified one/);
  });

const is_there = (pid) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

for (const signal of ['SIGTERM', 'SIGKILL'])
  test(`nothing is left after ${signal}`, async (t) => {
    const out = folder(t); // for the scratch folder, too, which nobody can remove after SIGKILL
    const argv = [compare, '--rounds', '9', '--seconds', '60', '--only', 'servers', '--out', out];
    const child = spawn('bash', argv, { stdio: ['ignore', 'ignore', 'pipe'],
                                        env: { ...process.env, TMPDIR: out } });
    child.stderr.resume();
    let pids = [];
    await until(() => {
      pids = tree(child.pid);
      const started = pids.filter(is_there).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      return ['wrk\0', 'nginx: worker', `${gauntlet}\0serve`, `${process.execPath}\0`]
        .every((name) => started.some((line) => line.startsWith(name)));
    }, 'the comparison has started its servers and a generator', 60_000);
    child.kill(signal);
    await once(child, 'exit');
    await until(() => !pids.some(is_there), `the end of ${pids}`);
    if (signal === 'SIGTERM') assert.deepEqual(readdirSync(out), []);
  });

test('what is missing or misspelt is said in a line', (t) => {
  const out = folder(t);
  for (const tool of ['bash', 'dirname', 'env', 'setpriv', 'taskset', 'uname']) {
    const [where] = spawnSync('bash', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.split('\n');
    symlinkSync(where, path.join(out, tool));
  }
  const without = spawnSync('bash', [compare, '--only', 'servers'],
                            { encoding: 'utf8', env: { ...process.env, PATH: out } });
  assert.equal(without.status, 2, without.stderr);
  assert.match(without.stderr, /wrk is missing \(Debian package wrk\): run deps\/install.sh test/);
  assert.match(without.stderr, /nginx is missing \(Debian package nginx-light\)/);
  for (const [options, text] of [[['--only', 'nonsense'], "--only: there is no kind 'nonsense'"],
                                 [['--rounds', '0'], "--rounds '0' is not a whole number"],
                                 [['--quickly'], "'--quickly'"]]) {
    const { status, stderr } = run(out, options);
    assert.equal(status, 2, stderr);
    assert.ok(stderr.includes(text), stderr);
  }
});
