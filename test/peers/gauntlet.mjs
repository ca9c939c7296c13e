// Our server as a child process, for tests that come from outside: `gauntlet serve …`, ready.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export const gauntlet = process.env.GAUNTLET;

const kListening = 'gauntlet serve: listening on ';
const kPatienceMs = 30_000;

async function read_addresses(child, count) {
  const addresses = [];
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith(kListening)) addresses.push(line.slice(kListening.length));
    if (addresses.length === count) return addresses;
  }
  throw new Error(`gauntlet serve listens on ${addresses.length} of ${count} addresses`);
}

// The addresses in the order in which the server says them; it ends with the test, or with us.
export async function serve(t, options, count = 1) {
  const child = spawn(gauntlet, ['serve', '--exit-with-parent', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => stop(child));
  const late = setTimeout(() => child.kill('SIGKILL'), kPatienceMs);
  const addresses = await read_addresses(child, count);
  clearTimeout(late);
  child.stdout.resume();
  return { child, addresses, url: addresses[0] };
}

export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

// Waits until `condition` holds, or says that it never did.
export async function until(condition, what, patience_ms = 15_000) {
  const limit = performance.now() + patience_ms;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
