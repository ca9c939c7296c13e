// Tasks as clients of both revisions use them: the SDK's own of the first generation, the
// extension's package over the second, and by hand what neither of them tries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { serve, until } from './gauntlet.mjs';
import { package_path, require } from './packages.mjs';
import { Record, recorded } from './record.mjs';
import { RecordingProxy } from './recording_proxy.mjs';
import { sdk1 } from './sdk1.mjs';

const { connect: connect1, ways } = await sdk1('@modelcontextprotocol/sdk');
const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');
const { createTaskSessionFromClient } = await import(
  package_path('@modelcontextprotocol/ext-tasks/dist/client/index.js')
);

const kHttp = ['--http', '127.0.0.1:auto', '--conformance'];
const kExtension = 'io.modelcontextprotocol/tasks';
const kCapabilities = { elicitation: {}, sampling: {}, roots: {}, extensions: { [kExtension]: {} } };
const clientInfo = { name: 'tasks_test', version: '1' };
const accepted = { action: 'accept', content: { confirm: true } };

const text_of = (result) => result.content.map((part) => part.text).join('');
const all_valid = (record) => assert.deepEqual(record.complaints, []);

async function collect(stream) {
  const all = [];
  for await (const message of stream) all.push(message);
  return all;
}

async function run_with_sdk1(peer) {
  const { client } = peer;
  const { tasks } = client.experimental;
  const { tools } = await client.listTools();
  const support = Object.fromEntries(tools.map((tool) => [tool.name, tool.execution?.taskSupport]));
  assert.equal(support.slow_compute, 'optional');
  assert.equal(support.failing_job, 'required');
  assert.equal(support.greet, undefined);

  const statuses = new Set();
  peer.on('notifications/tasks/status', ({ params }) => statuses.add(params.status));
  const call = (name, args = {}, ttl = 60_000) =>
    collect(tasks.callToolStream({ name, arguments: args }, undefined, { task: { ttl } }));
  const slow = await call('slow_compute', { seconds: 1 }, 30_000);
  assert.equal(slow[0].type, 'taskCreated');
  assert.equal(slow[0].task.status, 'working');
  assert.equal(slow[0].task.ttl, 30_000);
  assert.match(text_of(slow.at(-1).result), /computed for 1 s/);
  const failed = await call('failing_job');
  assert.equal(failed.findLast((one) => one.type === 'taskStatus').task.status, 'failed');

  peer.handle('elicitation/create', ({ params }) => {
    assert.equal(typeof params._meta['io.modelcontextprotocol/related-task'].taskId, 'string');
    return accepted;
  });
  const deleted = await call('confirm_delete', { filename: 'x' });
  assert.ok(deleted.some((one) => one.task?.status === 'input_required'), JSON.stringify(deleted));
  assert.equal(text_of(deleted.at(-1).result), 'deleted x');

  const listed = await tasks.listTasks();
  assert.ok(listed.tasks.length >= 3, JSON.stringify(listed));
  const [{ task }] = await first(tasks.callToolStream(
    { name: 'slow_compute', arguments: { seconds: 60 } }, undefined, { task: {} }));
  const cancelled = await tasks.cancelTask(task.taskId);
  assert.equal(cancelled.status, 'cancelled');
  await until(() => statuses.has('cancelled'), 'the notification that it is cancelled');
  assert.equal((await tasks.getTask(task.taskId)).status, 'cancelled');
  await assert.rejects(tasks.cancelTask(task.taskId), { code: -32602 });
  await assert.rejects(tasks.getTask('0'.repeat(32)), { code: -32602 });
  await assert.rejects(peer.call('greet', { name: 'x' }, { task: {} }), { code: -32601 });
}

async function first(stream) {
  for await (const message of stream) return [message];
  return [];
}

for (const name of ['Streamable HTTP, JSON where it can be', 'Streamable HTTP, SSE', 'WebSocket', 'stdio']) {
  test(`SDK 1.x, ${name}`, async (t) => {
    const record = new Record();
    const transport = await ways[name](t);
    await run_with_sdk1(await connect1(t, recorded(transport(), record)));
    all_valid(record);
    assert.ok(record.counts['2025-11-25'] > 15, JSON.stringify(record.counts));
  });
}

const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': clientInfo,
  'io.modelcontextprotocol/clientCapabilities': kCapabilities,
};

async function post(url, message) {
  const { method, params } = message;
  const name = params?.name ?? params?.taskId;
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name ? { 'mcp-name': name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
}

let next_id = 1;
const kEventData = /^data: (\{.*)$/m;

async function ask(url, method, params) {
  const response = await post(url, { id: next_id++, method, params: { _meta, ...params } });
  const text = await response.text();
  return JSON.parse(kEventData.exec(text)?.[1] ?? text);
}

async function raw_dispatch(url, request) {
  const answer = await ask(url, request.method, request.params);
  return answer.error
    ? { kind: 'error', error: answer.error }
    : { kind: 'result', result: answer.result };
}

async function session_of(t, url, era) {
  const capabilities = { elicitation: {}, sampling: {}, roots: {} };
  const mode = era === 'stateless' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client(clientInfo, { capabilities, versionNegotiation: { mode } });
  t.after(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { tools } = await client.listTools();
  const v2 = era === 'stateless' && {
    rawDispatch: (request) => raw_dispatch(url, request),
    v2RequestFraming: { protocolVersion: '2026-07-28', clientInfo, clientCapabilities: capabilities },
  };
  const declared = tools.map((tool) => ({ ...tool, taskSupport: tool.execution?.taskSupport }));
  const session = createTaskSessionFromClient(client, {
    endpointId: 'gauntlet',
    tools: { currentTool: (name) => declared.find((tool) => tool.name === name) },
    onInputRequest: async () => accepted,
    ...v2,
  });
  t.after(() => session.close());
  return session;
}

for (const era of ['stateful', 'stateless']) {
  test(`ext-tasks, ${era}`, async (t) => {
    const record = new Record();
    const { url } = await serve(t, kHttp);
    const session = await session_of(t, await new RecordingProxy(record).start(t, url), era);
    const run = async (name, args = {}) => {
      const execution = await session.callTool(name, args, { task: { preference: 'prefer' } });
      assert.equal(execution.kind, 'task', name);
      return (await execution.settle()).outcome;
    };
    assert.match(text_of((await run('slow_compute', { seconds: 1 })).result), /computed/);
    // Over 2025-11-25 it never asks for the result of a task that waits for input, and so is not asked.
    if (era === 'stateless')
      assert.equal(text_of((await run('confirm_delete', { filename: 'y' })).result), 'deleted y');
    assert.equal((await run('protocol_error_job')).status, 'failed');
    const long = await session.callTool('slow_compute', { seconds: 60 }, { task: { preference: 'prefer' } });
    await session.cancelTask(long.handle.taskId);
    assert.equal((await long.result()).status, 'cancelled');
    all_valid(record);
  });
}

async function* events_of(response) {
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
      const data = kEventData.exec(text.slice(0, end));
      if (data) yield JSON.parse(data[1]);
    }
  }
}

test('stateless: status comes to who listens for it', async (t) => {
  const record = new Record();
  const { url } = await serve(t, kHttp);
  const proxy = await new RecordingProxy(record).start(t, url);
  const { result: task } = await ask(proxy, 'tools/call', { name: 'confirm_delete', arguments: {} });
  const { taskId } = task;
  const notifications = { taskIds: [taskId, '0'.repeat(32)] };
  const stream = await post(proxy, { id: 'l', method: 'subscriptions/listen', params: { _meta, notifications } });
  const statuses = [];
  for await (const { method, params } of events_of(stream)) {
    if (method === 'notifications/subscriptions/acknowledged') {
      assert.deepEqual(params.notifications.taskIds, [taskId]);
      continue;
    }
    assert.equal(method, 'notifications/tasks');
    assert.equal(params._meta['io.modelcontextprotocol/subscriptionId'], 'l');
    if (params.status !== statuses.at(-1)) statuses.push(params.status);
    if (params.status === 'input_required' && statuses.at(-2) !== 'working')
      await ask(proxy, 'tasks/update', { taskId, inputResponses: { confirm: accepted } });
    if (params.status !== 'completed') continue;
    assert.equal(text_of(params.result), 'deleted a file');
    break;
  }
  assert.equal(statuses[0] === 'working' ? statuses[1] : statuses[0], 'input_required');
  all_valid(record);
  assert.ok(record.counts['2026-07-28'] >= 5, JSON.stringify(record.counts));
});

test('stateless: who has not said that it knows of tasks hears of none', async (t) => {
  const { url } = await serve(t, kHttp);
  const plain = { ..._meta, 'io.modelcontextprotocol/clientCapabilities': {} };
  const answer = await ask(url, 'subscriptions/listen', { _meta: plain, notifications: { taskIds: [] } });
  assert.equal(answer.error.code, -32021);
  assert.deepEqual(answer.error.data, { requiredCapabilities: { extensions: { [kExtension]: {} } } });
});

const workers_of = ({ child }) =>
  readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);

// Each request is a connection of its own, so that all workers get some.
test('any worker speaks for a task, and of one whose worker was killed', async (t) => {
  const server = await serve(t, [...kHttp, '--workers', '3', '--restart-limit', '20/60s']);
  const fresh = async (method, params) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json', accept: 'application/json, text/event-stream',
        connection: 'close', 'mcp-protocol-version': '2026-07-28', 'mcp-method': method,
        'mcp-name': params.name ?? params.taskId,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta, ...params } }),
    });
    return (await response.json()).result;
  };
  const start = (name, args) => fresh('tools/call', { name, arguments: args });
  const status_of = async ({ taskId }) => (await fresh('tasks/get', { taskId })).status;

  const over = await start('slow_compute', { seconds: 0 });
  await until(async () => (await status_of(over)) === 'completed', 'its completion');
  const asking = await start('confirm_delete', {});
  await until(async () => (await status_of(asking)) === 'input_required', 'its question');
  await fresh('tasks/update', { taskId: asking.taskId, inputResponses: { confirm: accepted } });
  await until(async () => (await status_of(asking)) === 'completed', 'its completion');

  const long = await Promise.all(Array.from({ length: 12 }, () => start('slow_compute', { seconds: 60 })));
  for (let i = 0; i < 9; ++i)
    for (const task of long) assert.equal(await status_of(task), 'working');
  await fresh('tasks/cancel', { taskId: long[0].taskId });
  assert.equal(await status_of(long[0]), 'cancelled');

  for (const pid of workers_of(server)) process.kill(pid, 'SIGKILL');
  const states = async () => Promise.all(long.slice(1).map((task) => status_of(task).catch(() => 'unreachable')));
  await until(async () => (await states()).every((state) => state === 'failed'), 'their failure');
  assert.equal(await status_of(over), 'completed');
  const { error } = await fresh('tasks/get', { taskId: long[1].taskId });
  assert.match(error.message, /worker that ran this task has ended/);
});
