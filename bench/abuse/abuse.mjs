// What the abuse of docs/security.md costs the others: p99 of fifty well-behaved clients, 1,000
// messages a second together, without and with each kind of it; and the server's memory.
//   deps/node bench/abuse/abuse.mjs [ROUNDS [SECONDS [KIND]]]    default: 9 rounds of 2 s, all kinds
// A round measures both right after each other, in turn this and that one first, and gives one
// ratio. Prints medians and the ratio's median [min - max], and fails where that median is above 2.
// The abuse is made by this program and needs processor time itself, a share of which the ratio
// holds.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ratioMax = 2;
const [rounds, seconds] = [process.argv[2] ?? 9, process.argv[3] ?? 2].map(Number);
const wanted = process.argv[4] ?? '';  // a part of its name
const port = 21090;
const url = `http://127.0.0.1:${port}/mcp`;
const program = fileURLToPath(new URL('../../build/release/gauntlet', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'gauntlet-abuse-'));
const server = spawn(program, ['serve', '--http', `127.0.0.1:${port}`, '--workers', '1'],
                     { stdio: ['ignore', 'pipe', 'inherit'] });
await new Promise((resolve) => server.stdout.once('data', resolve));

const head = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, text/event-stream\r\n' +
             'Content-Type: application/json\r\n';
const post = (body) => `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",' +
             '"io.modelcontextprotocol/clientCapabilities":{}}';
const call = (name, args) =>
  `${head}MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: ${name}\r\n` +
  post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args},${meta}}}`)
    .slice(head.length);
const deep = post('['.repeat(200_000) + ']'.repeat(200_000));
const large = post(`{"jsonrpc":"2.0","id":1,"method":"ping","x":"${'y'.repeat(2 << 20)}"}`);

class Abuse {
  sockets = new Set();
  timers = [];
  open(read = true) {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    if (read) socket.resume();
    this.sockets.add(socket);
    return socket;
  }
  every(ms, action) { this.timers.push(setInterval(action, ms)); }
  stop() {
    this.timers.forEach(clearInterval);
    for (const socket of this.sockets) socket.destroy();
  }
}
const times = (count, action) => { for (let i = 0; i < count; ++i) action(); };

const kinds = {
  '2,000 idle connections': (abuse) => times(2000, () => abuse.open()),
  '500 slow headers, a byte each 200 ms': (abuse) => {
    times(500, () => abuse.open().write('POST /mcp HTTP/1.1\r\nX-Slow: '));
    abuse.every(200, () => abuse.sockets.forEach((socket) => socket.write('a')));
  },
  '50 that ask for 1 MB and never read': (abuse) =>
    times(50, () => abuse.open(false).write(call('payload', '{"bytes":1000000}').repeat(4))),
  '20/s of 200,000 levels': (abuse) => abuse.every(50, () => abuse.open().end(deep)),
  '20/s of 2 MB': (abuse) => abuse.every(50, () => abuse.open().end(large)),
  '200/s malformed, a connection each': (abuse) =>
    abuse.every(5, () => abuse.open().end(post('{"jsonrpc":"2.0","id":'))),
  '5,000/s pipelined on one connection': (abuse) => {
    const socket = abuse.open();
    abuse.every(10, () => socket.write(call('echo', '{"message":"x"}').repeat(50)));
  },
};

const chosen = Object.entries(kinds).filter(([name]) => name.includes(wanted));
if (chosen.length === 0) {
  server.kill('SIGTERM');
  throw new Error(`no kind of abuse has '${wanted}' in its name`);
}

const run = () => new Promise((resolve, reject) => {
  const child = spawn(program, ['run', '--url', url, '-c', '50', '-R', '1000', '-d', `${seconds}s`, '--warmup', '1s',
                                '--results', scratch, '-q'], { stdio: 'ignore' });
  child.once('exit', () => {
    const [folder] = readdirSync(scratch);
    if (!folder) return reject(new Error('no report'));
    const summary = JSON.parse(readFileSync(path.join(scratch, folder, 'summary.json')));
    rmSync(path.join(scratch, folder), { recursive: true });
    const errors = Object.values(summary.errors).reduce((sum, count) => sum + count, 0);
    resolve({ p99: summary.response_time_ms.p99, errors });
  });
});
const pss_mb = () => {
  const children = spawnSync('pgrep', ['-P', server.pid]).stdout.toString().split('\n').filter(Boolean);
  const kb = [server.pid, ...children].map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]));
  return kb.reduce((sum, one) => sum + one, 0) / 1024;
};
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const abused = async (begin) => {
  const abuse = new Abuse();
  begin(abuse);
  const result = await run();
  abuse.stop();
  return result;
};
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// One round: what the others saw without it and with it.
const pair = async (begin, abuse_first) => {
  const with_it = abuse_first ? await abused(begin) : null;
  if (abuse_first) await rest(500);  // for the server to be rid of it
  const without = await run();
  return { without, with_it: with_it ?? await abused(begin) };
};

console.log(`load average: ${loadavg()[0].toFixed(1)}; memory before: ${pss_mb().toFixed(1)} MB\n`);
console.log('| abuse | p99 without, ms | p99 with, ms | ratio | errors of the others |\n|---|---|---|---|---|');
const beyond = [];
for (const [name, begin] of chosen) {
  const pairs = [];
  for (let round = 0; round < rounds; ++round) pairs.push(await pair(begin, round % 2 === 1));
  const ratios = pairs.map(({ without, with_it }) => with_it.p99 / without.p99);
  const p99 = (which) => median(pairs.map((one) => one[which].p99)).toFixed(2);
  const errors = pairs.reduce((sum, { with_it }) => sum + with_it.errors, 0);
  const span = `${median(ratios).toFixed(2)} [${Math.min(...ratios).toFixed(2)} - ${Math.max(...ratios).toFixed(2)}]`;
  console.log(`| ${name} | ${p99('without')} | ${p99('with_it')} | ${span} | ${errors} |`);
  if (!(median(ratios) <= ratioMax)) beyond.push(`${name}: ${median(ratios).toFixed(2)}`);
}
await rest(5000);
console.log(`\nload average: ${loadavg()[0].toFixed(1)}; memory after: ${pss_mb().toFixed(1)} MB`);
for (const row of beyond) console.log(`FAIL: above ${ratioMax} times p99: ${row}`);
if (beyond.length === 0) console.log(`PASS: no kind of abuse costs the others more than ${ratioMax} times p99`);
server.kill('SIGTERM');
rmSync(scratch, { recursive: true });
process.exitCode = beyond.length === 0 ? 0 : 1;
