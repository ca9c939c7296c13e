// Each peer starts, opens and answers as the table below says: the tests that load them rely on it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'peers_test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

async function start(script, ...args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, url: line.replace('listening ', '') };
}

// One JSON-RPC request, its answer, and the kind and session that came with it.
async function post(url, method, params, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }),
  });
  const text = await response.text();
  const sse = response.headers.get('content-type').startsWith('text/event-stream');
  const json = sse ? /^data: (.*)$/m.exec(text)[1] : text;
  return { sse, session: response.headers.get('mcp-session-id'), ...JSON.parse(json) };
}

const call = { name: 'echo', arguments: { message: 'a "quoted" é' } };

async function check_stateful(url, sse, has_session) {
  const clientInfo = { name: 'peers_test', version: '1' };
  const open = await post(url, 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo,
  });
  assert.equal(open.result.protocolVersion, '2025-11-25');
  assert.equal(open.session !== null, has_session);
  const headers = { 'mcp-protocol-version': '2025-11-25' };
  if (has_session) headers['mcp-session-id'] = open.session;
  const answer = await post(url, 'tools/call', call, headers);
  assert.equal(answer.result.content[0].text, call.arguments.message);
  assert.equal(answer.sse, sse);
}

async function check_stateless(url, sse) {
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' };
  const found = await post(url, 'server/discover', { _meta: meta }, headers);
  assert.deepEqual(found.result.supportedVersions, ['2026-07-28']);
  Object.assign(headers, { 'mcp-method': 'tools/call', 'mcp-name': 'echo' });
  const answer = await post(url, 'tools/call', { ...call, _meta: meta }, headers);
  assert.equal(answer.result.content[0].text, call.arguments.message);
  assert.equal(answer.sse, sse);
}

for (const script of ['sdk1_server.mjs', 'sdk2_server.mjs']) {
  for (const mode of ['--json', '--sse']) {
    test(`${script} ${mode}`, async (t) => {
      const sse = mode === '--sse';
      const { child, url } = await start(script, ...(sse ? [] : [mode]));
      t.after(() => child.kill());
      const stateless = script === 'sdk2_server.mjs';
      await check_stateful(url, sse, !stateless);
      if (stateless) await check_stateless(url, sse);
    });
  }
}
