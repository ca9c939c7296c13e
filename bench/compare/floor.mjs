// Generator and server together against the floor: the same connections, burst and bytes, echoed by a
// peer that looks at none of them.
import { own_id, own_server, own_subject, name_of } from './own_subjects.mjs';
import { cpu_ns } from './proc.mjs';
import { start_echo } from './targets.mjs';

export const title = 'The floor';
export const needs = [];

const patterns = ['tcp', 'http'].flatMap((transport) =>
  [150, 1000, 15_000].map((connections) => ({ transport, connections, burst: 1 })));
for (const burst of [16, 33]) patterns.push({ transport: 'tcp', connections: 15_000, burst });

export const floor_id = (pattern) => `floor: ${name_of(pattern)}`;
const ratio = (pattern) => ({
  text: `messages per second, gauntlet run and serve / floor: ${name_of(pattern)}`,
  metric: 'requests_per_s', of: own_id(pattern), over: floor_id(pattern),
  goal: { at_least: pattern.burst === 1 ? 0.85 : 0.7 },
});

const kLookMs = 100;

// Processor time of the peer within the window, a message: between two looks at it, at the rate of all.
function peer_cpu_us(looks, { begin, end }, per_s) {
  const within = looks.filter(({ at_ns }) => at_ns >= begin && at_ns <= end);
  const first = within.at(0), last = within.at(-1);
  if (within.length < 2) return undefined;
  return ((last.cpu_ns - first.cpu_ns) / (last.at_ns - first.at_ns)) * (1e6 / per_s);
}

async function measure(house, { connections, burst }, bytes, seconds) {
  const peer = await start_echo(house), looks = [];
  const look = () =>
    looks.push({ at_ns: Number(process.hrtime.bigint()), cpu_ns: cpu_ns(peer.pid) });
  const looking = setInterval(look, kLookMs);
  try {
    const argv = [house.program, 'floor', '--peer', peer.where, '-c', `${connections}`, '--burst',
                  `${burst}`, '--bytes', `${bytes}`, '-d', `${seconds}s`, '--json'];
    const { status, output, errors } = await house.start(argv, seconds).finished;
    if (status !== 0) throw new Error(`gauntlet floor ended with ${status}: ${errors}`);
    const { messages_per_s, cpu_us_per_message, monotonic_ns } = JSON.parse(output);
    const server_cpu_us = peer_cpu_us(looks, monotonic_ns, messages_per_s);
    return { requests_per_s: messages_per_s, generator_cpu_us: cpu_us_per_message, server_cpu_us };
  } finally {
    clearInterval(looking);
    await house.stop(peer.child);
  }
}

// An echo sends back what it got, so each way has the mean of the run's two: as many bytes in all.
export async function floor_subject(house, pattern, seconds) {
  const { request_bytes, answer_bytes } = (await own_server(house)).sizes[pattern.transport];
  const bytes = Math.round((request_bytes + answer_bytes) / 2);
  return {
    id: floor_id(pattern),
    pattern: { ...pattern, loop: 'closed', request_bytes: bytes, answer_bytes: bytes },
    measure: () => measure(house, pattern, bytes, seconds),
  };
}

export async function prepare(house, { seconds, connections_max }) {
  const subjects = [];
  for (const pattern of patterns.filter(({ connections }) => connections <= connections_max))
    subjects.push(await floor_subject(house, pattern, seconds),
                  await own_subject(house, pattern, seconds));
  const text = `\`gauntlet run\` against \`gauntlet serve\`, every answer verified, over \`gauntlet floor\`: the
same number of connections, the same burst and as many bytes in all, echoed by a peer that looks at
none of them. Both are closed loops (a connection sends its next burst when the last is answered), and
only that is a fair comparison: a rate that a schedule offers says nothing of the ceiling. Calls are
MCP 2026-07-28; http has one request in flight on a connection.`;
  return { pattern: text, subjects, ratios: patterns.map(ratio) };
}
