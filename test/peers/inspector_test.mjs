// The official inspector's command line against our server, over HTTP and stdio.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { gauntlet, serve } from './gauntlet.mjs';
import { package_path } from './packages.mjs';

const program = package_path('@modelcontextprotocol/inspector/clients/launcher/build/index.js');

// It keeps its settings in the home folder.
async function inspect(t, target, options) {
  const home = await mkdtemp(path.join(tmpdir(), 'gauntlet-inspector-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, '--cli', ...target, ...options],
    { env: { ...process.env, HOME: home }, timeout: 100_000 },
  );
  return JSON.parse(stdout);
}

const call = ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'message=from the inspector'];

async function lists_and_calls(t, target) {
  const { tools } = await inspect(t, target, ['--method', 'tools/list']);
  assert.ok(tools.some((tool) => tool.name === 'echo'));
  const { content } = await inspect(t, target, call);
  assert.deepEqual(content, [{ type: 'text', text: 'from the inspector' }]);
}

test('over HTTP', async (t) => {
  const { url } = await serve(t, ['--http', '127.0.0.1:auto']);
  await lists_and_calls(t, [url]);
});

test('over stdio', async (t) => {
  await lists_and_calls(t, [gauntlet, 'serve', '--stdio']);
});
