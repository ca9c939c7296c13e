// Our server beside nginx with a static body and beside the official TypeScript servers, under wrk.
import { ask, make_call, stateless_call } from './call.mjs';
import { under_load } from './measure.mjs';
import { start_gauntlet, start_nginx, start_sdk } from './targets.mjs';
import { run_tool } from './tools.mjs';

export const title = 'Servers';
export const needs = ['wrk', 'nginx'];
const kConnections = [150, 1000];
const kWarmupS = 2;

const id_of = (name, connections) => `server: ${name}, ${connections} connections`;
const ours = { stateless: 'gauntlet serve, stateless', stateful: 'gauntlet serve, stateful' };

// The call is made anew each time: a session may have ended since.
function make_subject(house, { name, era, server }, connections, seconds) {
  return {
    id: id_of(name, connections),
    pattern: { transport: 'http', connections, burst: 1, loop: 'closed', era, generator: 'wrk' },
    measure: async () => {
      const job = { url: server.url, connections, seconds, call: await make_call(era, server.url) };
      return under_load(server.pid, () => run_tool(house, 'wrk', job));
    },
  };
}

function compare(era, other, connections, goal) {
  const mine = id_of(ours[era], connections), theirs = id_of(other, connections);
  const tail = `, ${connections} connections`;
  return [
    { text: `requests per second, ${ours[era]} / ${other}${tail}`, metric: 'requests_per_s',
      of: mine, over: theirs, goal },
    { text: `server CPU per request, ${other} / ${ours[era]}${tail}`, metric: 'server_cpu_us',
      of: theirs, over: mine },
  ];
}

const ratios_at = (connections) => [
  ...compare('stateless', 'nginx, static body', connections,
             connections === 150 ? { at_least: 0.95 } : undefined),
  ...compare('stateful', 'nginx, static body', connections),
  ...compare('stateful', 'TypeScript SDK 1.x, stateful', connections, { at_least: 40 }),
  ...compare('stateful', 'TypeScript SDK 2.x, stateful', connections, { at_least: 40 }),
  ...compare('stateless', 'TypeScript SDK 2.x, stateless', connections, { at_least: 40 }),
];

async function start_all(house) {
  const own = await start_gauntlet(house, ['--http', '127.0.0.1:auto']);
  const answer = await ask(own.url, stateless_call);
  const nginx = await start_nginx(house, answer.body);
  const sdk1 = await start_sdk(house, 1), sdk2 = await start_sdk(house, 2);
  return [
    { name: ours.stateless, era: 'stateless', server: own },
    { name: ours.stateful, era: 'stateful', server: own },
    { name: 'nginx, static body', era: 'stateless', server: nginx },
    { name: 'TypeScript SDK 1.x, stateful', era: 'stateful', server: sdk1 },
    { name: 'TypeScript SDK 2.x, stateful', era: 'stateful', server: sdk2 },
    { name: 'TypeScript SDK 2.x, stateless', era: 'stateless', server: sdk2 },
  ];
}

// Not counted: until a just-in-time compiler has seen the code.
async function warm_up(house, { era, server }) {
  const job = { url: server.url, connections: 4, seconds: kWarmupS };
  await run_tool(house, 'wrk', { ...job, call: await make_call(era, server.url) });
}

export async function prepare(house, { seconds, connections_max }) {
  const all = await start_all(house);
  for (const one of all) await warm_up(house, one);
  const counts = kConnections.filter((connections) => connections <= connections_max);
  const pattern = `\`wrk\` with one thread, a closed loop with one request in flight on each connection; the same
MCP \`tools/call\` of \`echo\` to all, 2026-07-28 (stateless) or 2025-11-25 (stateful, one session), answers
in JSON. nginx has one worker, reads nothing of the call and answers with a body of the same bytes as
gauntlet's stateless answer. Each server had a load of ${kWarmupS} s before, which does not count. Processor
time of the server is that of all its threads.`;
  return {
    pattern,
    subjects: counts.flatMap((n) => all.map((one) => make_subject(house, one, n, seconds))),
    ratios: kConnections.flatMap(ratios_at),
  };
}
