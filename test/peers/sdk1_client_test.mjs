// The official SDK's client, first generation, over every transport that it speaks.
import assert from 'node:assert/strict';
import test from 'node:test';
import { try_features } from './features.mjs';
import { gauntlet, serve, until } from './gauntlet.mjs';
import { Record, recorded } from './record.mjs';
import { sdk1 } from './sdk1.mjs';

const { Client, connect, ways, load } = await sdk1('@modelcontextprotocol/sdk');
const { StdioClientTransport } = await load('client/stdio.js');
const { StreamableHTTPClientTransport } = await load('client/streamableHttp.js');

const kHttp = ['--http', '127.0.0.1:auto', '--conformance'];

for (const [name, start] of Object.entries(ways)) {
  test(name, async (t) => {
    const record = new Record();
    const transport = await start(t);
    await try_features(t, (t) => connect(t, recorded(transport(), record)));
    await t.test('every message is valid', () => {
      assert.deepEqual(record.complaints, []);
      assert.ok(record.counts['2025-11-25'] > 100, JSON.stringify(record.counts));
    });
  });
}

test('Streamable HTTP: a stream that the server ends is resumed', async (t) => {
  const { url } = await serve(t, kHttp);
  const resumed = [];
  const fetch = (where, options) => {
    const last = new Headers(options.headers).get('last-event-id');
    if (last) resumed.push(last);
    return globalThis.fetch(where, options);
  };
  const { call } = await connect(t, new StreamableHTTPClientTransport(new URL(url), { fetch }));
  const result = await call('test_reconnection', {});
  assert.ok(result.content[0].text.length > 0);
  assert.ok(resumed.length > 0);
});

test('Streamable HTTP: a session that was closed is gone', async (t) => {
  const { url } = await serve(t, kHttp);
  const transport = new StreamableHTTPClientTransport(new URL(url));
  const { client } = await connect(t, transport);
  const sessionId = transport.sessionId;
  assert.match(sessionId, /^[\x21-\x7e]+$/);
  await transport.terminateSession();
  const late = new StreamableHTTPClientTransport(new URL(url), { sessionId });
  const stranger = new Client({ name: 'late', version: '1' });
  t.after(() => stranger.close());
  await stranger.connect(late);
  await assert.rejects(stranger.listTools(), { code: 404 });
  await client.close();
});

test('stdio: the server ends when its client does', async () => {
  const transport = new StdioClientTransport({ command: gauntlet, args: ['serve', '--stdio'] });
  const client = new Client({ name: 'brief', version: '1' });
  await client.connect(transport);
  const pid = transport.pid;
  await client.close();
  await until(() => !is_alive(pid), 'the end of gauntlet serve --stdio');
});

function is_alive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
