// mcp-proxy in front of `gauntlet serve --stdio`: both eras reach our server through it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import test from 'node:test';
import { gauntlet, stop, until } from './gauntlet.mjs';
import { listen_below_ephemeral } from './listen.mjs';
import { package_path, require } from './packages.mjs';

const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');

async function free_port() {
  const server = createServer();
  const port = await listen_below_ephemeral(server, 26_000);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start_proxy(t) {
  const port = await free_port();
  const program = package_path('mcp-proxy/dist/bin/mcp-proxy.mjs');
  const options = ['--host', '127.0.0.1', '--port', String(port), '--'];
  const child = spawn(process.execPath, [program, ...options, gauntlet, 'serve', '--stdio'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => stop(child));
  const url = `http://127.0.0.1:${port}/mcp`;
  const answers = () => fetch(url).then(() => true, () => false);
  await until(answers, 'mcp-proxy listens', 60_000);
  return url;
}

for (const mode of ['legacy', { pin: '2026-07-28' }]) {
  test(JSON.stringify(mode), async (t) => {
    const transport = new StreamableHTTPClientTransport(new URL(await start_proxy(t)));
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    t.after(() => client.close());
    await client.connect(transport);
    const { tools } = await client.listTools();
    assert.ok(tools.some((tool) => tool.name === 'echo'));
    const message = randomUUID();
    const { content } = await client.callTool({ name: 'echo', arguments: { message } });
    assert.deepEqual(content, [{ type: 'text', text: message }]);
  });
}
