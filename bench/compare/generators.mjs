// Our generator beside others: the same call to the same `gauntlet serve`.
import { stateless_call } from './call.mjs';
import { under_load } from './measure.mjs';
import { run_like_a_tool } from './own_run.mjs';
import { start_gauntlet } from './targets.mjs';
import { run_tool, tools } from './tools.mjs';
import { message_bytes } from './wiretap.mjs';

export const title = 'Generators';
export const needs = ['wrk', 'h2load', 'hey', 'autocannon'];
const kConnections = 150;
const id_of = (name) => `generator: ${name}`;

function run(house, name, url, connections, seconds) {
  if (name === 'gauntlet run') return run_like_a_tool(house, { url, connections, seconds });
  return run_tool(house, name, { url, call: stateless_call, connections, seconds });
}

async function make_subject(house, server, name, seconds) {
  const bytes = await message_bytes(server.url, (url) => run(house, name, url, 1, 1));
  return {
    id: id_of(name),
    pattern: { transport: 'http', connections: kConnections, burst: 1, loop: 'closed', ...bytes },
    measure: () =>
      under_load(server.pid, () => run(house, name, server.url, kConnections, seconds)),
  };
}

const ratios = Object.keys(tools).flatMap((name) => {
  const pair = { of: id_of('gauntlet run'), over: id_of(name) };
  return [
    { text: `generator CPU per request, gauntlet run (verifies every answer) / ${name}`,
      metric: 'generator_cpu_us', ...pair, ...(name === 'wrk' ? { goal: { at_most: 1 } } : {}) },
    { text: `requests per second, gauntlet run / ${name}`, metric: 'requests_per_s', ...pair },
  ];
});

export async function prepare(house, { seconds }) {
  const server = await start_gauntlet(house, ['--http', '127.0.0.1:auto']);
  const subjects = [];
  for (const name of ['gauntlet run', ...Object.keys(tools)])
    subjects.push(await make_subject(house, server, name, seconds));
  const pattern = `MCP 2026-07-28 \`tools/call\` of \`echo\` over HTTP/1.1 to the same \`gauntlet serve\`,
${kConnections} connections, a closed loop with one request in flight on each. Processor time is that of the
whole process, start and end included. gauntlet run verifies id, shape and nonce of every answer; of
the others it was checked that all answers were 2xx and on average as long as one that was verified.`;
  return { pattern, subjects, ratios };
}
