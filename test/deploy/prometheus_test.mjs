// The scrape configuration and the rules are what promtool takes, and a Prometheus that runs with
// them has data for every query of every dashboard while a suite runs. In a network namespace of
// its own, so that the suites' ports are free.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const config = join(deploy, 'prometheus/prometheus.yml');
const api = 'http://127.0.0.1:9999/api/v1';
const instance = '127.0.0.1:9090';
const patience_ms = 90_000;

const inside = process.env.GAUNTLET_TEST_NAMESPACE === '1';
if (!inside) {
  // What it starts ends with it, whatever happens.
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  if (process.getuid() !== 0) namespaces.push('--map-root-user');
  const { status } = spawnSync('unshare', [...namespaces, process.execPath, '--test-reporter=tap',
    fileURLToPath(import.meta.url)], {
    stdio: 'inherit',
    timeout: 2 * patience_ms,
    killSignal: 'SIGKILL',
    env: { ...process.env, GAUNTLET_TEST_NAMESPACE: '1' },
  });
  process.exit(status ?? 1);
}

function dashboards() {
  const folder = join(deploy, 'grafana');
  return readdirSync(folder).filter((file) => file.endsWith('.json'))
    .map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]);
}

function queries() {
  const all = new Map();
  for (const [file, { panels }] of dashboards())
    for (const { title, targets } of panels)
      for (const { expr } of targets)
        all.set(expr.replaceAll('$instance', instance), `${file}: ${title}`);
  for (const expr of ['gauntlet:achieved:ratio', 'gauntlet:response_time_seconds:p95'])
    all.set(expr, 'gauntlet.rules.yml');
  return all;
}

const ask = async (path) =>
  (await fetch(`${api}/${path}`, { signal: AbortSignal.timeout(5_000) })).json();

async function has_data(expr) {
  try {
    const { status, data, error } = await ask(`query?query=${encodeURIComponent(expr)}`);
    assert.equal(status, 'success', `${expr}: ${error}`);
    return data.result.length > 0;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return false;  // it does not listen yet
  }
}

async function without_data(left) {
  const missing = new Map();
  for (const [expr, where] of left) if (!(await has_data(expr))) missing.set(expr, where);
  return missing;
}

async function end(child) {
  child.kill('SIGTERM');
  const deadline = Date.now() + 10_000;
  while (child.exitCode === null && child.signalCode === null) {
    if (Date.now() > deadline) child.kill('SIGKILL');
    await sleep(50);
  }
}

test('promtool takes the configuration and the rules', () => {
  execFileSync('promtool', ['check', 'config', config]);
  execFileSync('promtool', ['check', 'rules', join(deploy, 'prometheus/gauntlet.rules.yml')]);
});

test('every query of every dashboard has data while a suite runs', async () => {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-prometheus-'));
  const prometheus = spawn('prometheus', [`--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`, '--web.listen-address=127.0.0.1:9999'],
  { stdio: 'ignore' });
  const run = spawn(process.env.GAUNTLET, ['run', 'baseline', '-c', '5', '-R', '200', '-d', '5m',
    '-q', '--results', `${folder}/results`], { stdio: 'ignore' });
  try {
    const deadline = Date.now() + patience_ms;
    let left = queries();
    assert.ok(left.size > 15);
    while (left.size > 0 && Date.now() < deadline) {
      await sleep(500);
      left = await without_data(left);
    }
    assert.deepEqual([...left], [], 'queries without data');
    const { data } = await ask('rules');
    const broken = data.groups.flatMap(({ rules }) => rules).filter(({ health }) => health === 'err');
    assert.deepEqual(broken, []);
  } finally {
    await end(run);
    await end(prometheus);
    rmSync(folder, { recursive: true, force: true });
  }
});
