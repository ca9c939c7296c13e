// The tables of docs/guide.md name every metric that a run with a fault, `serve` and `proxy` export,
// with its type, labels and unit, and no other.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const kPort = 19196;
const kPatienceMs = 60_000;
const kSuite = `
suite = "metrics"
metrics_port = ${kPort}
[load]
connections = 5
rate = "50/s"
[[mix]]
tool = "echo"
arguments = { message = "{{nonce}}" }
[[phase]]
name = "steady"
duration = "10m"
measured = true
[[fault]]
id = "cut"
kind = "disconnect"
phase = "steady"
at = "1s"
[[test]]
name = "any"
fault = "cut"
limits = ["reconnected >= 0%"]
`;

const folder = mkdtempSync(path.join(tmpdir(), 'gauntlet-metrics-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const guide = readFileSync(new URL('../../docs/guide.md', import.meta.url), 'utf8');

// Name to "type; labels; unit", of the table below a heading.
function table_of(heading) {
  const lines = guide.split(`\n### ${heading}\n`)[1].split(/\n##/)[0].match(/^\| `.*\|$/gm);
  return new Map(lines.map((line) => {
    const [name, type, labels, unit, meaning] = line.slice(1, -1).split('|').map((cell) => cell.trim());
    assert.ok(meaning, line);
    return [name.slice(1, -1), { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label), unit }];
  }));
}

// The same of Prometheus' text. A family's buckets, sums and counts are its own.
function families_of(text) {
  const families = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, { type, labels: new Set() }]));
  for (const [, name, labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
    assert.ok(family, `${name} has no TYPE`);
    for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) if (!['le', 'quantile'].includes(label)) family.labels.add(label);
  }
  return families;
}

// What a metric's name says of its unit, as Prometheus' conventions have it.
function unit_of(name) {
  if (/messages_per_second$/.test(name)) return 'messages/s';
  return name.match(/_(seconds|bytes|ratio)(?:_upstream|_downstream)?(?:_total)?$/)?.[1].replace('seconds', 's');
}

function compare(heading, text) {
  const [told, exported] = [table_of(heading), families_of(text)];
  assert.deepEqual([...told.keys()].sort(), [...exported.keys()].sort());
  for (const [name, { type, labels, unit }] of told) {
    assert.equal(type, exported.get(name).type, name);
    assert.deepEqual(labels.toSorted(), [...exported.get(name).labels].sort(), name);
    if (unit_of(name)) assert.equal(unit, unit_of(name), name);
  }
}

function start(t, ...words) {
  const child = spawn(process.env.GAUNTLET, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

function get(where, headers = {}) {
  return new Promise((resolve, reject) => {
    request({ path: '/metrics', headers, ...where }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve(text);
    }).on('error', reject).end();
  });
}

// The text once it says what is waited for.
async function metrics(where, pattern, headers) {
  for (const deadline = Date.now() + kPatienceMs; ; await sleep(100)) {
    const text = await get(where, headers).catch(() => '');
    if (pattern.test(text)) return text;
    assert.ok(Date.now() < deadline, `no ${pattern} in: ${text}`);
  }
}

test('of a run', { timeout: 2 * kPatienceMs }, async (t) => {
  writeFileSync(path.join(folder, 'metrics.toml'), kSuite);
  start(t, 'run', path.join(folder, 'metrics.toml'), '--results', folder, '-q');
  const text = await metrics({ host: '127.0.0.1', port: kPort }, /^gauntlet_target_memory_bytes [1-9]/m);
  compare('Of a run', text);
});

test('of serve', { timeout: 2 * kPatienceMs }, async (t) => {
  const child = start(t, 'serve', '--http', '127.0.0.1:auto', '--failpoints', `unix:${folder}/fail`, '--failpoint-token', 'secret');
  let said = '';
  for await (const chunk of child.stdout) if (/listening on \S+\s/.test(said += chunk)) break;
  const { hostname: host, port } = new URL(said.match(/listening on (\S+)/)[1]);
  compare('Of `gauntlet serve`', await metrics({ host, port }, /^gauntlet_server_uptime_seconds/m));
});

test('of proxy', { timeout: 2 * kPatienceMs }, async (t) => {
  const socketPath = path.join(folder, 'orders');
  start(t, 'proxy', '--listen', '127.0.0.1:auto', '--upstream', 'tcp://127.0.0.1:9', '--toxic', 'latency:ms=1',
    '--control', `unix:${socketPath}`, '--control-token', 'secret');
  compare('Of `gauntlet proxy`', await metrics({ socketPath }, /^gauntlet_proxy_accepted_total/m, { Authorization: 'Bearer secret' }));
});
