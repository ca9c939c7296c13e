// Memory of our server for each session and each connection that rests: what its processes hold (PSS),
// before and after, divided by how many there are.
import http from 'node:http';
import net from 'node:net';
import { sleep } from './house.mjs';
import { pss_bytes } from './proc.mjs';
import { start_gauntlet } from './targets.mjs';

export const title = 'Idle';
export const needs = [];
const kAtOnce = 20;
const kSettlingMs = 1500;
const kSessionsPerConnection = 5;
const kConnectionsMax = 10_000;

const initialize = JSON.stringify({
  jsonrpc: '2.0', id: 1, method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {},
            clientInfo: { name: 'idle', version: '1' } },
});
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
                  'Content-Length': Buffer.byteLength(initialize) };

const open_session = (url, agent) => new Promise((resolve, reject) => {
  const request = http.request(url, { method: 'POST', headers, agent }, (response) => {
    if (!response.headers['mcp-session-id'])
      reject(new Error(`${url} opens no session: HTTP ${response.statusCode}`));
    response.resume().on('end', resolve);
  });
  request.on('error', reject).end(initialize);
});

// A request that is served, so that the connection has all its buffers, and then rests.
const open_connection = (url) => new Promise((resolve, reject) => {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () =>
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  socket.on('error', reject).once('data', (bytes) => {
    if (bytes.toString('latin1').startsWith('HTTP/1.1 200')) resolve(socket);
    else reject(new Error(`${url}: ${bytes}`));
  });
});

// The first few are not counted: they make what all of them share.
async function bytes_each(server, count, open) {
  const open_many = async (number, kept = []) => {
    for (let i = 0; i < number; i += kAtOnce)
      kept.push(...(await Promise.all(Array.from({ length: Math.min(kAtOnce, number - i) }, open))));
    return kept;
  };
  const first = await open_many(kAtOnce), before = pss_bytes(server.pid);
  const kept = await open_many(count);
  await sleep(kSettlingMs);
  const each = (pss_bytes(server.pid) - before) / count;
  for (const socket of [...first, ...kept]) socket?.destroy();
  return { bytes_each: each };
}

async function measure(house, count, open) {
  const server = await start_gauntlet(house, ['--http', '127.0.0.1:auto']);
  const agent = new http.Agent({ keepAlive: true, maxSockets: kAtOnce });
  try {
    return await bytes_each(server, count, () => open(server.url, agent));
  } finally {
    agent.destroy();
    await house.stop(server.child);
  }
}

export async function prepare(house, { connections_max }) {
  const connections = Math.min(kConnectionsMax, connections_max);
  const sessions = connections * kSessionsPerConnection;
  const pattern = `Memory of \`gauntlet serve\`, one worker, for each of ${connections} HTTP connections after one
request, and for each of ${sessions} sessions of MCP 2025-11-25. PSS of all its processes; the kernel's
share of a connection is not in it.`;
  const subject = (what, count, open) => ({
    id: `idle: ${what}`, pattern: { transport: 'http', count },
    measure: () => measure(house, count, open),
  });
  return {
    pattern,
    subjects: [subject('session', sessions, open_session),
               subject('connection', connections, open_connection)],
    ratios: [],
  };
}
