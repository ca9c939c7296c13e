// Memory of our server per idle connection and per idle session (Streamable HTTP, one worker).
//   deps/node bench/compare/idle.mjs [CONNECTIONS [SESSIONS]]       default: 10,000 and 50,000
// PSS of all its processes (/proc/<pid>/smaps_rollup), before and after, divided by the count.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

const [connections, sessions] = [process.argv[2] ?? 10000, process.argv[3] ?? 50000].map(Number);
const port = 21082;
const program = fileURLToPath(new URL('../../build/release/gauntlet', import.meta.url));
const server = spawn(program, ['serve', '--http', `127.0.0.1:${port}`, '--workers', '1'],
                     { stdio: ['ignore', 'pipe', 'inherit'] });
await new Promise((resolve) => server.stdout.once('data', resolve));

function tree(root) {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return [[Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0])]];
    } catch { return []; }
  });
  const pids = [root];
  for (const pid of pids) pids.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child));
  return pids;
}
const pss_bytes = () => tree(server.pid).reduce((sum, pid) =>
  sum + 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]), 0);

const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {
  protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'idle', version: '1' } } });
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
                  'Content-Length': Buffer.byteLength(initialize) };
const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
const open_session = () => new Promise((resolve, reject) => {
  const request = http.request({ port, path: '/mcp', method: 'POST', headers, agent }, (response) => {
    if (!response.headers['mcp-session-id']) reject(new Error(`no session: ${response.statusCode}`));
    response.resume().on('end', resolve);
  });
  request.on('error', reject).end(initialize);
});
// A request head that is served, so that the connection has all its buffers, and then rests.
const open_connection = () => new Promise((resolve, reject) => {
  const socket = net.connect(port, '127.0.0.1', () =>
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  socket.once('data', () => resolve(socket)).on('error', reject);
});

async function measure(what, count, open) {
  const before = pss_bytes(), kept = [];
  for (let i = 0; i < count; i += 20)
    kept.push(...await Promise.all(Array.from({ length: Math.min(20, count - i) }, open)));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const each = (pss_bytes() - before) / count;
  console.log(`| ${what} | ${count} | ${Math.round(each)} bytes |`);
  return kept;
}

await open_session();
console.log(`\n| idle | how many | memory each |\n|---|---|---|`);
await measure('session', sessions, open_session);
const sockets = await measure('connection', connections, open_connection);
for (const socket of sockets) socket.destroy();
agent.destroy();
server.kill();
