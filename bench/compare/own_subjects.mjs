// gauntlet run against gauntlet serve in a pattern { transport, connections, burst }, as subjects that
// floor and cost share: measured once a round where both are asked for.
import { start_gauntlet } from './targets.mjs';
import { run_like_a_tool, run_steadily } from './own_run.mjs';
import { message_bytes } from './wiretap.mjs';

export const name_of = ({ transport, connections, burst }) =>
  `${transport}, ${connections} connections, burst ${burst}`;
export const own_id = (pattern) => `gauntlet: ${name_of(pattern)}`;

const servers = new WeakMap();

async function start(house) {
  const options = ['--http', '127.0.0.1:auto', '--tcp', '127.0.0.1:auto'];
  const server = await start_gauntlet(house, options, 2);
  const sizes = {};
  for (const [transport, address] of [['http', server.url], ['tcp', server.tcp]])
    sizes[transport] = await message_bytes(address, (url) =>
      run_like_a_tool(house, { url, connections: 1, seconds: 1 }));
  return { server, sizes };
}

// The server, and the bytes of a message by transport; one for both kinds.
export function own_server(house) {
  if (!servers.has(house)) servers.set(house, start(house));
  return servers.get(house);
}

export async function own_subject(house, pattern, seconds) {
  const { server, sizes } = await own_server(house);
  return {
    id: own_id(pattern),
    pattern: { ...pattern, loop: 'closed', ...sizes[pattern.transport] },
    measure: () => run_steadily(house, server, pattern, seconds),
  };
}
