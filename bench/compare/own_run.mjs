// `gauntlet run` against `gauntlet serve`, a closed loop: how many messages a second, all of them
// verified. Two ways to look at its processor time: of the whole process, as of any other generator,
// and of both sides within the steady phase only, between two looks at the server's count of requests.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { kRevisions, own_arguments } from './call.mjs';
import { sleep } from './house.mjs';
import { look_at_machine, per_request } from './measure.mjs';
import { cpu_ns } from './proc.mjs';
import { metric } from './targets.mjs';

const kInconclusive = 4; // a saturated generator distrusts its times; its counts are exact
const kOpened = /^connections: (\d+) of (\d+) ready/;
const kRequests = 'gauntlet_server_requests_total{method="tools/call"}';
// Both ends of the window wait for an answer of a saturated server, and the phase has to outlast that.
// With more calls in flight an answer comes too late to end a window.
const kWindowMinS = 0.5;
const kWindowBurstMax = 16;
const slack_s = (connections) => (connections > 1000 ? 3 : 0.5);
const warmup_s = (connections) => (connections > 1000 ? 1.5 : 0.5);

function argv_of(house, results, { url, era, connections, burst, seconds, warmup }) {
  return [
    house.program, 'run', '--url', url, '-t', '1', '-c', `${connections}`, '--burst', `${burst}`,
    '-d', `${seconds}s`, '--warmup', `${warmup}s`, '--ramp', '0s', '--timeout', '30s',
    '--protocol', kRevisions[era], '--args', own_arguments, '--slo', 'error_rate<0.1%',
    '--results', results,
  ];
}

function read_summary(results) {
  const [folder] = readdirSync(results);
  return JSON.parse(readFileSync(path.join(results, folder, 'summary.json'), 'utf8'));
}

function check_verified({ load, phases, clients }, connections) {
  const errors = phases.flatMap((phase) => Object.entries(phase.errors))
    .filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  if (errors.length > 0) throw new Error(`gauntlet run met errors: ${errors.join(', ')}`);
  if (!load.nonce_verified || load.unmatched_answers !== 0)
    throw new Error('gauntlet run could not verify the answers');
  if (clients.connects !== connections || clients.drops !== 0)
    throw new Error(`gauntlet run met ${clients.connects} connects and ${clients.drops} drops, ` +
                    `not ${connections} and 0`);
}

async function finish(child, results, connections) {
  const { status, output, errors, cpu_s } = await child.finished;
  if (status !== 0 && status !== kInconclusive)
    throw new Error(`gauntlet run ended with ${status}: ${errors || output.slice(-300)}`);
  const summary = read_summary(results);
  check_verified(summary, connections);
  const requests = summary.phases.reduce((sum, phase) => sum + phase.completed, 0);
  return { requests, per_s: summary.load.achieved_per_s, cpu_s };
}

// Like a tool: all of the process, its opening included, and no warm-up.
export async function run_like_a_tool(house, { url, connections, seconds }) {
  const results = house.file('results');
  const job = { url, era: 'stateless', connections, burst: 1, seconds, warmup: 0 };
  const child = house.start(argv_of(house, results, job), seconds);
  const { requests, per_s, cpu_s } = await finish(child, results, connections);
  return { requests, seconds: requests / per_s, cpu_s };
}

const look = async (server, child) => ({
  requests: await metric(server.url, kRequests),
  server_s: cpu_ns(server.pid) / 1e9,
  generator_s: cpu_ns(child.pid) / 1e9,
  ...look_at_machine(),
});

// From when the connections are open: the warm-up, then the window, which has to lie within the phase.
async function watch_window(server, child, { warmup, seconds, length }) {
  const opened_s = performance.now() / 1000;
  await sleep(1000 * warmup);
  const before = await look(server, child);
  const end_s = Math.max(opened_s + warmup + seconds, before.at_s + kWindowMinS);
  await sleep(1000 * end_s - performance.now());
  const after = await look(server, child);
  if (after.at_s > opened_s + warmup + length)
    throw new Error('the server was too slow to say how many calls it had answered');
  return per_request(before, after, after.requests - before.requests);
}

// What an earlier run left has to be closed: descriptors would not suffice for both.
async function wait_until_quiet(server) {
  for (let tries = 0; (await metric(server.url, 'gauntlet_server_connections ')) > 4; ++tries) {
    if (tries === 100) throw new Error('the server keeps connections of an earlier run');
    await sleep(100);
  }
}

// The steady phase of one pattern: { transport, connections, burst }.
export async function run_steadily(house, server, { transport, connections, burst }, seconds) {
  await wait_until_quiet(server);
  const results = house.file('results'), warmup = warmup_s(connections);
  const url = transport === 'http' ? server.url : server.tcp;
  const length = seconds + slack_s(connections);
  const job = { url, era: 'stateless', connections, burst, seconds: length, warmup };
  const is_watched = burst <= kWindowBurstMax;
  let window = {};
  const child = house.start(argv_of(house, results, job), warmup + length, (line) => {
    if (!is_watched || !kOpened.test(line)) return;
    window = watch_window(server, child, { warmup, seconds, length });
    window.catch(() => {}); // told below, or less than why the run itself failed
  });
  const run = await finish(child, results, connections);
  const both = await window;
  if (is_watched && both.server_cpu_us === undefined)
    throw new Error('gauntlet run did not say that it was connected');
  return { requests: run.requests, requests_per_s: run.per_s, ...both };
}
