// The house: a scratch folder and the processes that the comparison starts. What serves runs on core
// 0, what loads on core 1. Whatever is still there is ended by its pid when we end, in whichever way:
// by us, and by the kernel (PR_SET_PDEATHSIG) where we were killed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const kReadyMs = 20_000;
const kStopMs = 10_000;
const kToolGraceMs = 30_000;
const root = fileURLToPath(new URL('../../', import.meta.url));

// bash's `time` gives the processor time of a command and of the children it waited for, to 1 ms.
const kTimed = 'TIMEFORMAT="%3U %3S"; { time "${@:2}" 2>&9; } 9>&2 2>"$1"';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const pinned = (core, signal, argv) =>
  ['setpriv', '--pdeathsig', signal, 'taskset', '-c', `${core}`, ...argv];

export class House {
  program = process.env.GAUNTLET ?? path.join(root, 'build/release/gauntlet');
  scratch = mkdtempSync(path.join(tmpdir(), 'gauntlet-compare-'));
  #children = new Set();
  #files = 0;

  constructor() {
    process.on('exit', () => this.#abandon());
    for (const [name, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]])
      process.on(name, () => process.exit(code));
  }

  source(name) { return path.join(root, name); }
  file(name) { return path.join(this.scratch, `${++this.#files}-${name}`); }

  #spawn(argv) {
    const child = spawn(argv[0], argv.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(signal ?? code));
    }).finally(() => this.#children.delete(child));
    child.ended.catch(() => {});
    child.errors = '';
    child.stderr.on('data', (text) => (child.errors = (child.errors + text).slice(-2000)));
    this.#children.add(child);
    return child;
  }

  // A process on core 0 that serves, once `lines` lines of its output match; what they captured is
  // `found`. `lines` 0: whoever starts it finds out when it is ready.
  async serve(argv, ready, lines = 1) {
    const child = this.#spawn(pinned(0, 'TERM', argv));
    child.found = [];
    if (lines === 0) return child;
    await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${argv.slice(0, 3).join(' ')}… ${why} ${child.errors}`));
      const late = setTimeout(() => fail('is not ready in time'), kReadyMs);
      createInterface(child.stdout).on('line', (line) => {
        const match = ready.exec(line);
        if (match) child.found.push(match[1]);
        if (child.found.length < lines) return;
        clearTimeout(late);
        resolve();
      });
      child.ended.then((how) => fail(`ended: ${how}`), reject);
    });
    return child;
  }

  // A process on core 1 that loads for about `seconds`. on_line sees its output while it runs.
  start(argv, seconds, on_line = () => {}) {
    const times = this.file('times');
    const timed = ['bash', '-c', kTimed, 'bash', times, ...pinned(1, 'KILL', argv)];
    const child = this.#spawn(['setpriv', '--pdeathsig', 'KILL', ...timed]);
    const late = setTimeout(() => child.kill('SIGKILL'), 1000 * seconds + kToolGraceMs);
    let output = '';
    createInterface(child.stdout).on('line', (line) => {
      output += `${line}\n`;
      on_line(line);
    });
    child.finished = child.ended.then((status) => {
      clearTimeout(late);
      return { status, output, errors: child.errors, cpu_s: read_times(times) };
    });
    child.finished.catch(() => {});
    return child;
  }

  async stop(child) {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), kStopMs);
    await child.ended.catch(() => {});
    clearTimeout(late);
  }

  async close() {
    await Promise.all([...this.#children].map((child) => this.stop(child)));
    this.#abandon();
  }

  #abandon() {
    for (const child of this.#children) child.kill('SIGTERM');
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

function read_times(file) {
  const last = readFileSync(file, 'utf8').trim().split('\n').at(-1);
  const [user, system] = last.split(' ').map(Number);
  return user + system;
}
