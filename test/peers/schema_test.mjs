// The judge of messages can say no: each of these messages is right, and wrong without any one of
// the fields that its revision requires.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Record } from './record.mjs';
import { Schema } from './schema.mjs';

const id = 3;
const jsonrpc = '2.0';
const answer = (result) => ({ jsonrpc, id, result });
const notification = (method, params) => ({ jsonrpc, method, params });
const text = { type: 'text', text: 'x' };
const tool = { name: 'echo', inputSchema: { type: 'object' } };
const complete = { resultType: 'complete' };
const listed = { ...complete, ttlMs: 0, cacheScope: 'public' };
const subscription = { 'io.modelcontextprotocol/subscriptionId': 'sub-1' };
const opened = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  serverInfo: { name: 'n', version: '1' },
};
const elicitation = {
  message: 'Name?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
};
const task = { taskId: 't', status: 'working', createdAt: 'c', lastUpdatedAt: 'u', ttl: 1 };
const flat = { taskId: 't', status: 'working', createdAt: 'c', lastUpdatedAt: 'u', ttlMs: 1 };
const done = { ...flat, status: 'completed', result: { content: [text] } };
const sampling = { messages: [{ role: 'user', content: text }], maxTokens: 5 };

// revision, method of the request or null, message, paths whose absence is a fault
const right = [
  ['2025-06-18', 'initialize', answer(opened), 'jsonrpc id result result.protocolVersion result.serverInfo.name'],
  ['2025-06-18', 'tools/call', answer({ content: [text] }), 'result.content result.content.0.text result.content.0.type'],
  ['2025-06-18', null, { jsonrpc, id, error: { code: -32601, message: 'm' } }, 'id error error.code error.message'],
  ['2025-11-25', 'initialize', answer(opened), 'result.capabilities result.serverInfo result.serverInfo.version'],
  ['2025-11-25', 'tools/list', answer({ tools: [tool] }), 'result.tools result.tools.0.name result.tools.0.inputSchema'],
  ['2025-11-25', 'resources/read', answer({ contents: [{ uri: 'a:b', text: 'x' }] }), 'result.contents.0.uri result.contents.0.text'],
  ['2025-11-25', 'ping', answer({}), 'result id'],
  ['2025-11-25', null, { jsonrpc, error: { code: -32700, message: 'm' } }, 'error.code error.message'],
  ['2025-11-25', null, notification('notifications/progress', { progressToken: 1, progress: 2 }), 'params params.progressToken params.progress'],
  ['2025-11-25', null, notification('notifications/message', { level: 'info', data: 'x' }), 'params.level params.data'],
  ['2025-11-25', null, notification('notifications/resources/updated', { uri: 'a:b' }), 'params.uri'],
  ['2025-11-25', null, { jsonrpc, id: 'g0-1', method: 'elicitation/create', params: elicitation }, 'params.message params.requestedSchema params.requestedSchema.type'],
  ['2025-11-25', null, { jsonrpc, id: 'g0-1', method: 'sampling/createMessage', params: sampling }, 'params.maxTokens params.messages.0.role'],
  ['2026-07-28', 'tools/list', answer({ ...listed, tools: [tool] }), 'result.tools result.resultType result.ttlMs result.cacheScope'],
  ['2026-07-28', 'tools/call', answer({ ...complete, content: [text] }), 'result.resultType result.content'],
  ['2026-07-28', 'server/discover', answer({ ...listed, supportedVersions: ['2026-07-28'], capabilities: {} }), 'result.supportedVersions result.capabilities result.ttlMs'],
  ['2026-07-28', 'tools/call', answer({ resultType: 'input_required', inputRequests: { name: { method: 'elicitation/create', params: elicitation } }, requestState: 's' }), 'result.inputRequests.name.method result.inputRequests.name.params.message'],
  ['2025-11-25', 'tasks/get', answer(task), 'result.taskId result.status result.createdAt result.lastUpdatedAt result.ttl'],
  ['2025-11-25', 'tasks/list', answer({ tasks: [task] }), 'result.tasks result.tasks.0.taskId result.tasks.0.ttl'],
  ['2025-11-25', null, notification('notifications/tasks/status', task), 'params params.status params.ttl'],
  ['2026-07-28', 'tools/call', answer({ resultType: 'task', ...flat }), 'result.resultType result.taskId result.ttlMs result.lastUpdatedAt'],
  ['2026-07-28', 'tasks/get', answer({ ...complete, ...done }), 'result.resultType result.taskId result.status result.result result.ttlMs'],
  ['2026-07-28', 'tasks/cancel', answer(complete), 'result.resultType'],
  ['2026-07-28', null, notification('notifications/tasks', { _meta: subscription, ...done }), 'params.taskId params.result params.ttlMs'],
  ['2026-07-28', null, notification('notifications/subscriptions/acknowledged', { _meta: subscription, notifications: {} }), 'params params.notifications'],
];

function without(message, path) {
  const copy = structuredClone(message);
  const steps = path.split('.');
  const last = steps.pop();
  delete steps.reduce((inner, step) => inner[step], copy)[last];
  return copy;
}

for (const [revision, method, message, required] of right) {
  test(`${revision} ${message.method ?? method ?? 'error'}`, () => {
    const schema = new Schema(revision);
    const request = method && { jsonrpc, id, method };
    assert.equal(schema.complaints(message, request), undefined);
    for (const path of required.split(' '))
      assert.notEqual(schema.complaints(without(message, path), request), undefined, path);
  });
}

test('what a revision has not', () => {
  const now = new Schema('2026-07-28');
  assert.match(now.complaints({ jsonrpc, id, method: 'ping' }), /is a request/);
  assert.match(now.complaints(answer({ ...complete }), { method: 'ping' }), /answers ping with a result/);
  assert.match(now.complaints(answer(complete), null), /answers no request/);
  const before = new Schema('2025-06-18');
  const listed = notification('notifications/elicitation/complete', { elicitationId: 'e' });
  assert.match(before.complaints(listed), /has the method/);
});

test('a conversation knows the revision of each message', () => {
  const record = new Record();
  const conversation = record.conversation();
  conversation.sent({ jsonrpc, id: 1, method: 'initialize', params: {} });
  conversation.received({ jsonrpc, id: 1, result: { ...opened, protocolVersion: '2025-06-18' } });
  conversation.received(notification('notifications/tools/list_changed'));
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
  conversation.sent({ jsonrpc, id: 2, method: 'tools/list', params: { _meta } });
  conversation.received({ jsonrpc, id: 2, result: { tools: [] } });
  assert.deepEqual(record.counts, { '2025-06-18': 2, '2026-07-28': 1 });
  assert.equal(record.complaints.length, 1);
  assert.match(record.complaints[0], /^2026-07-28 \(to tools\/list\)/);
});
