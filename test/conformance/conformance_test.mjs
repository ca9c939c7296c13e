// The official conformance suites against `gauntlet serve --conformance`, every message recorded
// and judged by the official schema of its revision.
//
// A scenario passes when the suite wrote down its checks, none failed, and at least one succeeded:
// the suites themselves call a scenario green that checked nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { serve } from '../peers/gauntlet.mjs';
import { package_path } from '../peers/packages.mjs';
import { Record } from '../peers/record.mjs';
import { RecordingProxy } from '../peers/recording_proxy.mjs';
import { suites } from './scenarios.mjs';

async function run_suite(suite, url, folder) {
  const program = package_path(`${suite.npm}/dist/index.js`);
  const child = spawn(process.execPath, [program, 'server', '--url', url, ...suite.options, '-o', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 240_000,
  });
  await once(child, 'exit');
}

// By scenario. The folders are named server-<scenario>-<time>.
async function read_checks(folder) {
  const checks = new Map();
  for (const name of await readdir(folder)) {
    const scenario = /^server-(.*?)-\d{4}-\d\d-\d\dT/.exec(name)[1];
    const text = await readFile(path.join(folder, name, 'checks.json'), 'utf8');
    checks.set(scenario, JSON.parse(text));
  }
  return checks;
}

const about = (check) => `${check.id}: ${check.errorMessage ?? ''} ${JSON.stringify(check.details ?? {})}`;

function must_pass(checks) {
  assert.ok(checks, 'the suite did not run it');
  const failed = checks.filter((check) => check.status === 'FAILURE');
  assert.deepEqual(failed.map(about), []);
  const succeeded = checks.filter((check) => check.status === 'SUCCESS' && check.id !== 'wire-schema-valid');
  assert.ok(succeeded.length > 0, `nothing was checked: ${JSON.stringify(checks)}`);
}

async function scratch(t) {
  const folder = await mkdtemp(path.join(tmpdir(), 'gauntlet-conformance-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

for (const suite of suites) {
  test(suite.name, async (t) => {
    const { url } = await serve(t, ['--http', '127.0.0.1:auto', '--conformance']);
    const record = new Record();
    const folder = await scratch(t);
    await run_suite(suite, await new RecordingProxy(record).start(t, url), folder);
    const checks = await read_checks(folder);
    assert.equal(new Set(suite.scenarios).size, suite.count);
    const scenarios = [...suite.scenarios, ...suite.unscored];
    for (const scenario of scenarios)
      await t.test(scenario, () => must_pass(checks.get(scenario)));
    for (const scenario of suite.skipped ?? [])
      await t.test(`${scenario} is left out by the suite`, () => {
        assert.deepEqual(checks.get(scenario)?.map((check) => check.status), ['SKIPPED']);
      });
    await t.test('every message is valid', () => {
      assert.deepEqual(record.complaints, []);
      assert.ok(record.counts[suite.revision] >= scenarios.length, JSON.stringify(record.counts));
    });
  });
}
