// web/page.html is what web/src gives today, and its types hold.
import { execFileSync } from 'node:child_process';
import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../../web/', import.meta.url));
const run = (...command) => execFileSync(process.execPath, command, { cwd: web, encoding: 'utf8' });

test('the committed bundle is not stale', () => {
  run('build.mjs', '--check');
});

test('the type checker has nothing to say', () => {
  assert.equal(run('node_modules/typescript/bin/tsc', '-p', '.'), '');
});
