// What the abuse of docs/security.md costs the others: p99 of fifty well-behaved clients, 2,000
// messages a second together, on a server of one worker.
//   deps/node bench/abuse/abuse.mjs [ROUNDS [SECONDS [KIND]]]    default: 9 rounds of 3 s, all kinds
//
// A round measures the same load three times, in an order that changes from round to round: without
// abuse; while another server suffers the abuse; and while its own one does. In reality an abuser
// takes no processor time of this machine. So ours, a process of its own (abuser.mjs), runs only when
// nobody else wants the processor (SCHED_IDLE), and so does the other server: what the second run
// loses against the first is the machine's doing, what the third one loses against the second is the
// server's. What the kernel does for the abuser is in both.
// Prints Markdown. How it judges: judge.mjs. Exit code: 0 every row is PASS, 1 a FAIL, 4 neither.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpu_ns, pss_bytes } from '../compare/proc.mjs';
import { median } from '../compare/statistics.mjs';
import { judge } from './judge.mjs';
import { kinds } from './kinds.mjs';

const [rounds, seconds] = [process.argv[2] ?? 9, process.argv[3] ?? 3].map(Number);
const names = Object.keys(kinds).filter((name) => name.includes(process.argv[4] ?? ''));
if (names.length === 0) throw new Error(`no kind of abuse has '${process.argv[4]}' in its name`);
const program = fileURLToPath(new URL('../../build/release/gauntlet', import.meta.url));
const abuser = fileURLToPath(new URL('abuser.mjs', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'gauntlet-abuse-'));
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const spawn_idly = (command, options) => spawn('chrt', ['-i', '0', ...command], options);

const serve = async (port, start) => {
  const child = start([program, 'serve', '--http', `127.0.0.1:${port}`, '--workers', '1', '--exit-with-parent'],
                      { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve).once('end', () => reject(new Error(`no server on port ${port}`)));
  });
  return { port, child };
};
const here = await serve(21090, ([file, ...args], options) => spawn(file, args, options));
const elsewhere = await serve(21091, spawn_idly);
const pss_mb = () => (pss_bytes(here.child.pid) / 2 ** 20).toFixed(1);

const load = async () => {
  const [cpu, begun] = [cpu_ns(here.child.pid), performance.now()];
  const child = spawn(program, ['run', '--url', `http://127.0.0.1:${here.port}/mcp`, '-c', '50', '-R', '2000',
                                '-d', `${seconds}s`, '--warmup', '1s', '--results', scratch, '-q'],
                      { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  const server_share = (cpu_ns(here.child.pid) - cpu) / 1e6 / (performance.now() - begun);
  const [folder] = readdirSync(scratch);
  if (!folder) throw new Error('no report');
  const summary = JSON.parse(readFileSync(path.join(scratch, folder, 'summary.json')));
  rmSync(path.join(scratch, folder), { recursive: true });
  const errors = Object.values(summary.errors).reduce((sum, count) => sum + count, 0);
  const trusted = summary.self_check.trusted && summary.load.completed > 0;
  return { p99: summary.response_time_ms.p99, errors, trusted, server_share };
};

// The same load while somebody abuses that server.
const load_beside = async (name, { port }) => {
  const child = spawn_idly([process.execPath, abuser, port, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => { said += text; if (said.includes('ready\n')) resolve(); });
    closed.then(() => reject(new Error(`no abuser: ${name}`)));
  });
  const result = await load();
  child.stdin.end();
  await closed;
  await rest(500);  // for the server to be rid of it
  const abuse = JSON.parse(said.split('ready\n')[1]);
  return { ...result, ...abuse, done_share: abuse.done / abuse.due };
};

const measure_round = async (name, number) => {
  const measures = [['without', load],
                    ['elsewhere', () => load_beside(name, elsewhere)],
                    ['here', () => load_beside(name, here)]];
  const round = {};
  for (let i = 0; i < measures.length; ++i) {
    const [which, measure] = measures[(i + number) % measures.length];
    round[which] = await measure();
  }
  return round;
};

const text_of = ({ median: middle, low, high }) =>
  `${middle.toFixed(2)} [${low.toFixed(2)} – ${high.toFixed(2)}]`;
const line_of = (name, all, row) => {
  const p99 = (which) => median(row.used.map((round) => round[which].p99)).toFixed(2);
  const share = (which) => `${(100 * median(all.map((round) => round[which].server_share))).toFixed(1)} %`;
  const abuse = (what) => median(all.map((round) => round.here[what]));
  const amount = `${Math.round(abuse('done')).toLocaleString('en-US')} ${kinds[name].unit} in ` +
                 `${abuse('seconds').toFixed(1)} s (${(100 * row.done_share).toFixed(0)} %)`;
  return `| ${[name, amount, p99('without'), p99('elsewhere'), p99('here'), text_of(row.total), text_of(row.machine),
               text_of(row.server), `${share('without')} → ${share('here')}`, `${row.used.length}/${all.length}`,
               row.verdict].join(' | ')} |`;
};

console.log(`${rounds} rounds of 3 times ${seconds} s; load average ${loadavg()[0].toFixed(1)}; ` +
            `memory of the server before: ${pss_mb()} MB\n`);
console.log('| abuse | done (of what was to be, least of all rounds) | p99 without, ms | abuse elsewhere, ms | ' +
            'abuse here, ms | here / without | elsewhere / without | here / elsewhere | server\'s share of a core | ' +
            'rounds trusted | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|');
const verdicts = [];
for (const name of names) {
  const all = [];
  for (let number = 0; number < rounds; ++number) all.push(await measure_round(name, number));
  const row = judge(all);
  console.log(line_of(name, all, row));
  verdicts.push(row.verdict);
}
await rest(5000);
const passed = verdicts.filter((verdict) => verdict === 'PASS').length;
const failed = verdicts.filter((verdict) => verdict.startsWith('FAIL')).length;
console.log(`\n${passed} of ${verdicts.length} rows PASS, ${failed} FAIL; load average ${loadavg()[0].toFixed(1)}; ` +
            `memory of the server after: ${pss_mb()} MB`);
for (const { child } of [here, elsewhere]) child.kill('SIGTERM');
rmSync(scratch, { recursive: true });
process.exitCode = failed > 0 ? 1 : passed === verdicts.length ? 0 : 4;
