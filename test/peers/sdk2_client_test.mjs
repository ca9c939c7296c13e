// The official SDK's client, second generation, in both eras, over every transport that it speaks.
import assert from 'node:assert/strict';
import test from 'node:test';
import { try_features } from './features.mjs';
import { gauntlet, serve } from './gauntlet.mjs';
import { require } from './packages.mjs';
import { Record, recorded } from './record.mjs';

const { Client, SSEClientTransport, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');
const { StdioClientTransport } = require('@modelcontextprotocol/client/stdio');

const kHttp = ['--http', '127.0.0.1:auto', '--conformance'];
const kStdio = { command: gauntlet, args: ['serve', '--stdio', '--conformance'] };

async function connect(t, transport, mode) {
  const client = new Client(
    { name: 'sdk2_client_test', version: '1' },
    { capabilities: { sampling: {}, elicitation: {}, roots: {} }, versionNegotiation: { mode } },
  );
  t.after(() => client.close());
  await client.connect(transport);
  return {
    client,
    stateful: mode === 'legacy',
    not_found_code: -32602,  // -32002 of the stateful era, too
    call: (name, args, options) => client.callTool({ name, arguments: args }, options),
    on: (method, take) => client.setNotificationHandler(method, take),
    handle: (method, answer) => client.setRequestHandler(method, answer),
    listen: (filter) => client.listen(filter),
  };
}

const ways = {
  'Streamable HTTP': async (t) => over_http(await serve(t, kHttp)),
  'Streamable HTTP, SSE': async (t) => over_http(await serve(t, [...kHttp, '--answers', 'sse'])),
  stdio: async () => () => new StdioClientTransport(kStdio),
  'HTTP+SSE': async (t) => {
    const { url } = await serve(t, kHttp);
    return () => new SSEClientTransport(new URL('/sse', url));
  },
};

const over_http = ({ url }) => () => new StreamableHTTPClientTransport(new URL(url));

const eras = [
  { mode: 'legacy', revision: '2025-11-25' },
  { mode: { pin: '2026-07-28' }, revision: '2026-07-28' },
  { mode: 'auto', revision: '2026-07-28' },
];

for (const [name, start] of Object.entries(ways)) {
  for (const { mode, revision } of eras) {
    if (name === 'HTTP+SSE' && mode !== 'legacy') continue;  // older than the other era
    test(`${name}, ${JSON.stringify(mode)}`, async (t) => {
      const record = new Record();
      const transport = await start(t);
      const stateful = mode === 'legacy';
      await try_features(t, (t) => connect(t, recorded(transport(), record), mode), { stateful });
      await t.test('every message is valid', () => {
        assert.deepEqual(record.complaints, []);
        assert.ok(record.counts[revision] > 100, JSON.stringify(record.counts));
      });
    });
  }
}
