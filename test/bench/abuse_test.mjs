// bench/abuse: that each kind of abuse happens, that none that did not passes, and what is judged how.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { judge } from '../../bench/abuse/judge.mjs';
import { kinds } from '../../bench/abuse/kinds.mjs';
import { serve } from '../peers/gauntlet.mjs';
import { listen_below_ephemeral } from '../peers/listen.mjs';

const abuser = fileURLToPath(new URL('../../bench/abuse/abuser.mjs', import.meta.url));

async function abuse(port, name, ms) {
  const child = spawn(process.execPath, [abuser, port, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let said = '';
  child.stdout.on('data', (text) => { said += text; });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.stdin.end();
  await closed;
  return JSON.parse(said.split('ready\n')[1]);
}

const round = (without, elsewhere, here, other = {}) => ({
  without: { p99: without, errors: 0, trusted: true },
  elsewhere: { p99: elsewhere, errors: 0, trusted: true, done_share: 1 },
  here: { p99: here, errors: 0, trusted: true, done_share: 1, ...other },
});
const rounds = (count, ...values) => Array.from({ length: count }, () => round(...values));
const verdict = (all) => judge(all).verdict;

test('each kind of abuse meets the server', { timeout: 240_000 }, async (t) => {
  const { url } = await serve(t, ['--http', '127.0.0.1:auto', '--workers', '1']);
  const { port } = new URL(url);
  for (const name of Object.keys(kinds)) {
    let met = await abuse(port, name, 500);
    if (met.done === 0) met = await abuse(port, name, 10_000);  // a busy machine
    assert.ok(met.due > 0 && met.done > 0, `${name}: ${met.done} of ${met.due}`);
  }
});

test('abuse that nobody answers is none', { timeout: 60_000 }, async (t) => {
  const deaf = createServer();
  t.after(() => deaf.close());
  const port = await listen_below_ephemeral(deaf);
  const { due, done } = await abuse(port, '200/s malformed, a connection each', 200);
  assert.ok(due > 0);
  assert.equal(done, 0);
  assert.match(verdict(rounds(9, 1, 1, 1, { done_share: done / due })), /fell short/);
});

test('within 2 with all of its interval: PASS', () => {
  assert.equal(verdict(rounds(9, 1, 1, 1.9)), 'PASS');
  const two_far_off = [...rounds(7, 1, 1, 1.9), ...rounds(1, 1, 1, 9), ...rounds(1, 1, 1, 0.1)];
  assert.equal(verdict(two_far_off), 'PASS');
  assert.equal(verdict([...rounds(7, 1, 1, 1.9), ...rounds(2, 1, 1, 9)]), '? scatters too much');
});

test('above 2 by the server: FAIL; by the machine: neither', () => {
  assert.equal(verdict(rounds(9, 1, 1, 2.1)), 'FAIL');
  assert.equal(verdict(rounds(9, 1, 2, 2.1)), '? the machine is slower');
});

test('a failed message is a FAIL, however quick the rest', () => {
  assert.match(verdict([...rounds(8, 1, 1, 1), round(1, 1, 1, { errors: 1 })]), /FAIL: 1 /);
});

test('what was not measured is no PASS', () => {
  const short = round(1, 1, 1, { done_share: 0.89 });
  assert.match(verdict([...rounds(8, 1, 1, 1), short]), /fell short/);
  const untrusted = round(1, 1, 1, { trusted: false });
  assert.equal(verdict(rounds(5, 1, 1, 1)), '? too few rounds');
  assert.equal(verdict([...rounds(6, 1, 1, 1), ...Array(3).fill(untrusted)]), 'PASS');
  assert.equal(verdict([...rounds(5, 1, 1, 1), ...Array(4).fill(untrusted)]), '? not trusted');
  assert.equal(verdict(Array(9).fill(round(1, 1, 1, { done_share: NaN }))), '? the abuse fell short');
});
