// How often `gauntlet compare` is right about real runs: two runs of the same server have to be the
// same, and a server that is 5 % slower has to be worse once there are enough runs. The server is
// Gauntlet's own, fresh for each run, and the slower one's handler takes 21 ms instead of 20.
//   deps/node bench/compare_runs/compare_runs.mjs [--pairs 20] [--repeats 10] [--seconds 60]
// Prints a Markdown table (docs/method.md). Runs that the self-check does not vouch for are left out
// by `compare` itself, so the machine has to be quiet, or all is "not enough data". The program is
// $GAUNTLET, or build/release/gauntlet. Exits with 1 where fewer than 18 of 20 pairs are the same,
// or the slower server was never worse.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const gauntlet = process.env.GAUNTLET ??
  fileURLToPath(new URL('../../build/release/gauntlet', import.meta.url));
const { values } = parseArgs({ options: {
  pairs: { type: 'string', default: '20' },
  repeats: { type: 'string', default: '10' },
  seconds: { type: 'string', default: '60' },
} });
const [pairs, repeats, seconds] = [values.pairs, values.repeats, values.seconds].map(Number);
if (![pairs, repeats, seconds].every((n) => Number.isInteger(n) && n > 0)) {
  console.error('compare_runs: --pairs, --repeats and --seconds take a whole number above 0');
  process.exit(2);
}

const fast_ms = 20;
const slow_ms = 21;
const load = ['-c', '20', '-R', '400'];
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-compare-'));
const standings = ['better', 'same', 'worse', 'not enough data'];

// One run with a server of its own; its folder.
function run(name, ms) {
  const results = join(folder, 'run');
  const { status, stderr } = spawnSync(gauntlet, ['run', '--url', 'builtin', ...load,
    '-d', `${seconds}s`, '--tool', 'sleep', '--args', JSON.stringify({ ms }), '-q',
    '--results', results], { encoding: 'utf8' });
  if (![0, 1, 4].includes(status)) throw new Error(`gauntlet run: ${stderr}`);
  const at = join(folder, name);
  renameSync(join(results, readdirSync(results)[0]), at);
  return at;
}

// What is said, and the metrics that decided it.
function compare(before, after) {
  const { stdout, stderr } = spawnSync(gauntlet, ['compare', ...before, 'vs', ...after],
    { encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  const standing = lines.at(-1);
  if (!standings.includes(standing)) throw new Error(`gauntlet compare: ${stderr}`);
  const left_out = lines.filter((line) => line.includes('is left out')).length;
  return { standing, left_out };
}

const counted = (results) => standings
  .map((standing) => results.filter((result) => result.standing === standing).length);

function same_server() {
  const results = [];
  for (let i = 0; i < pairs; ++i)
    results.push(compare([run(`a${i}`, fast_ms)], [run(`b${i}`, fast_ms)]));
  return results;
}

// By the number of runs of each, interleaved.
function slower_server() {
  const before = [];
  const after = [];
  const results = [];
  for (let i = 0; i < repeats; ++i) {
    before.push(run(`before${i}`, fast_ms));
    after.push(run(`after${i}`, slow_ms));
    results.push(compare(before, after));
  }
  return results;
}

try {
  const same = same_server();
  const slower = slower_server();
  const left_out = same.reduce((sum, { left_out: n }) => sum + n, 0);
  console.log(`Runs of ${seconds} s, ${load.join(' ')}, on ${cpus().length} cores; ` +
    `${left_out} of ${2 * pairs} runs of the pairs were left out.\n`);
  console.log(`| compared | ${standings.join(' | ')} |\n|---|---|---|---|---|`);
  console.log(`| the same server, ${pairs} pairs of runs | ${counted(same).join(' | ')} |`);
  slower.forEach(({ standing }, i) => {
    const row = standings.map((each) => (each === standing ? 'x' : ''));
    console.log(`| a server slower by 5 %, ${i + 1} runs of each | ${row.join(' | ')} |`);
  });
  const good = counted(same)[1] * 20 >= pairs * 18 && slower.at(-1).standing === 'worse';
  process.exitCode = good ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
