// What an MCP client does with a server, step by step, for clients of both official SDKs. Each step
// gets a peer on a connection of its own.
//
// A peer is { client, stateful, not_found_code, call, on, handle, listen }: `not_found_code` is what
// its client makes of an unknown resource, `call(name, arguments, options)` calls a tool, `on` and
// `handle` register for the server's notifications and questions.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until } from './gauntlet.mjs';

const kEchoes = 50;
const kWatched = 'gauntlet://counter';  // of the tool counter's calls

const text_of = (result) => result.content.map((part) => part.text).join('');
const names = (list) => list.map((one) => one.name);

async function lists({ client }) {
  const { tools } = await client.listTools();
  assert.ok(names(tools).includes('echo'), names(tools).join());
  for (const tool of tools) assert.equal(tool.inputSchema.type, 'object', tool.name);
  const { resources } = await client.listResources();
  assert.ok(resources.some((one) => one.uri === 'test://static-text'));
  const { resourceTemplates } = await client.listResourceTemplates();
  assert.ok(resourceTemplates.some((one) => one.uriTemplate === 'test://template/{id}/data'));
  const { prompts } = await client.listPrompts();
  assert.ok(names(prompts).includes('test_prompt_with_arguments'));
}

async function reads({ client, not_found_code }) {
  const { contents } = await client.readResource({ uri: 'test://template/a1/data' });
  assert.match(contents[0].text, /a1/);
  const prompt = await client.getPrompt({
    name: 'test_prompt_with_arguments',
    arguments: { arg1: 'é"1', arg2: '2' },
  });
  assert.match(prompt.messages[0].content.text, /arg1='é"1', arg2='2'/);
  const { completion } = await client.complete({
    ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
    argument: { name: 'arg1', value: 'par' },
  });
  assert.ok(Array.isArray(completion.values));
  await assert.rejects(client.readResource({ uri: 'test://no-such' }), { code: not_found_code });
}

// Each answer to its own call, however many are under way.
async function echoes({ call }) {
  const nonces = Array.from({ length: kEchoes }, randomUUID);
  const results = await Promise.all(nonces.map((message) => call('echo', { message })));
  assert.deepEqual(results.map(text_of), nonces);
}

async function progress({ call }) {
  const seen = [];
  const result = await call('test_tool_with_progress', {}, { onprogress: (one) => seen.push(one) });
  assert.ok(text_of(result).length > 0);
  // Both SDKs forget the listener with the answer: the last report is lost where both come in one read.
  assert.ok(seen.length >= 2, `${seen.length} reports`);
  const all = [[0, 100], [50, 100], [100, 100]];
  assert.deepEqual(seen.map((one) => [one.progress, one.total]), all.slice(0, seen.length));
}

async function logs({ client, call, on }) {
  const seen = [];
  on('notifications/message', ({ params }) => seen.push(params));
  await client.setLoggingLevel('debug');
  await call('test_tool_with_logging', {});
  await until(() => seen.length === 3, 'three log messages');
  await client.setLoggingLevel('error');
  await call('test_tool_with_logging', {});
  assert.deepEqual(seen.map((one) => one.level), ['info', 'info', 'info']);
}

const person = { username: 'ada', email: 'ada@example.com' };

async function elicitation({ stateful, call, handle }) {
  let asked;
  handle('elicitation/create', ({ params }) => {
    asked = params;
    return { action: 'accept', content: stateful ? person : { name: 'Ada' } };
  });
  const tool = stateful ? 'test_elicitation' : 'test_input_required_result_elicitation';
  const result = await call(tool, stateful ? { message: 'Who?' } : {});
  assert.equal(asked.requestedSchema.type, 'object');
  if (stateful) assert.equal(asked.message, 'Who?');
  assert.match(text_of(result), stateful ? /ada/ : /Ada/);
}

async function sampling({ stateful, call, handle }) {
  let asked;
  handle('sampling/createMessage', ({ params }) => {
    asked = params;
    return { role: 'assistant', model: 'm', content: { type: 'text', text: 'Paris, surely' } };
  });
  const tool = stateful ? 'test_sampling' : 'test_input_required_result_sampling';
  const result = await call(tool, stateful ? { prompt: 'Capital?' } : {});
  assert.ok(asked.messages.length > 0);
  assert.match(text_of(result), /Paris, surely/);
}

async function roots({ call, handle }) {
  let asked = 0;
  handle('roots/list', () => {
    ++asked;
    return { roots: [{ uri: 'file:///ada', name: 'ada' }] };
  });
  const result = await call('test_input_required_result_list_roots', {});
  assert.equal(asked, 1);
  assert.ok(text_of(result).length > 0);
}

async function changes({ stateful, client, call, on, listen }) {
  let changed = 0;
  on('notifications/tools/list_changed', () => ++changed);
  const subscription = stateful ? null : await listen({ toolsListChanged: true });
  // A client opens its stream in its own time, and what changes before that is no news to it.
  let asked_at = -Infinity;
  const has_heard = async () => {
    if (changed > 0) return true;
    if (performance.now() - asked_at < 500) return false;
    await call('test_trigger_tool_change', {});
    asked_at = performance.now();
    return false;
  };
  await until(has_heard, 'notifications/tools/list_changed');
  const { tools } = await client.listTools(undefined, { cacheMode: 'refresh' });
  assert.ok(names(tools).includes('echo'));
  await subscription?.close();
}

async function cancel({ call }) {
  const abort = new AbortController();
  const slow = call('sleep', { ms: 60_000 }, { signal: abort.signal });
  setTimeout(() => abort.abort(), 100);
  await assert.rejects(slow, /abort|cancel/i);
  await echoes({ call });
}

async function subscription({ client, stateful, call, on, listen }) {
  const updated = [];
  on('notifications/resources/updated', ({ params }) => updated.push(params.uri));
  const subscription = stateful ? null : await listen({ resourceSubscriptions: [kWatched] });
  if (stateful) await client.subscribeResource({ uri: kWatched });
  await call('counter', {});
  await until(() => updated.length > 0, 'notifications/resources/updated');
  assert.deepEqual(updated, [kWatched]);
  if (stateful) await client.unsubscribeResource({ uri: kWatched });
  await subscription?.close();
  await call('counter', {});
  await echoes({ call });
  assert.equal(updated.length, 1);
}

const both = { lists, reads, echoes, progress, elicitation, sampling, changes, subscription, cancel };
const features = { stateful: { ...both, logs }, stateless: { ...both, roots } };

// `connect(t)` makes a peer whose client ends with the test t.
export async function try_features(t, connect, { stateful = true, without = [] } = {}) {
  for (const [name, run] of Object.entries(features[stateful ? 'stateful' : 'stateless']))
    if (!without.includes(name)) await t.test(name, async (t) => run(await connect(t)));
}
