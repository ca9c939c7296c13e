// The composite action, the workflows and the dashboards, as far as they can be judged without
// GitHub and Grafana: they parse, name only what exists, and are what their generator writes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { require } from '../peers/packages.mjs';

const { parse } = require('yaml');
const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const read = (name) => readFileSync(join(deploy, name), 'utf8');
const action = parse(read('github/action.yml'));
const workflows = ['quick', 'soak'].map((name) => [name, parse(read(`github/${name}.yml`))]);
const suites = execFileSync(process.env.GAUNTLET, ['list'], { encoding: 'utf8' })
  .split('\n').map((line) => line.match(/^(\S+)/)?.[1]).filter(Boolean);

const references = (value, pattern) =>
  [...JSON.stringify(value).matchAll(pattern)].map((match) => match[1]);

function check_steps(steps, where) {
  const ids = steps.map((step) => step.id).filter(Boolean);
  for (const step of steps) {
    const kinds = ['run', 'uses'].filter((key) => key in step);
    assert.equal(kinds.length, 1, `${where}: a step has either run or uses`);
    if (step.uses) assert.match(step.uses, /^[\w-]+\/[\w-]+(\/[\w-]+)*@\w+$/, where);
  }
  return ids;
}

test('the action names only inputs and steps that it has', () => {
  assert.equal(action.runs.using, 'composite');
  for (const each of ['name', 'description']) assert.ok(action[each]);
  const ids = check_steps(action.runs.steps, 'action.yml');
  for (const step of action.runs.steps) assert.equal(step.shell, 'bash');
  for (const input of Object.values(action.inputs)) {
    assert.ok(input.description);
    assert.equal(typeof input.default, 'string');
  }
  const used = new Set(references(action.runs, /inputs\.([\w-]+)/g));
  assert.deepEqual([...used].sort(), Object.keys(action.inputs).sort());
  for (const id of references(action.outputs, /steps\.([\w-]+)/g)) assert.ok(ids.includes(id), id);
});

test('the action runs a script that takes what it gives', () => {
  const run = action.runs.steps.at(-1);
  const script = read('github/run.sh');
  for (const name of Object.keys(run.env)) assert.match(script, new RegExp(`"\\$${name}"`), name);
  assert.ok(suites.includes(action.inputs.suite.default));
});

for (const [name, workflow] of workflows) {
  test(`the workflow ${name} is whole`, () => {
    assert.ok(workflow.on && workflow.name && workflow.permissions);
    for (const { cron } of workflow.on.schedule ?? []) assert.equal(cron.split(' ').length, 5);
    for (const job of Object.values(workflow.jobs)) {
      assert.ok(job['runs-on']);
      assert.equal(job.container, 'debian:12', 'what deps/install.sh needs');
      const ids = check_steps(job.steps, name);
      for (const id of references(job, /steps\.([\w-]+)/g)) assert.ok(ids.includes(id), id);
      const ours = job.steps.filter((step) => step.uses?.includes('deploy/github'));
      assert.equal(ours.length, 1);
      for (const input of Object.keys(ours[0].with)) assert.ok(input in action.inputs, input);
      assert.ok(suites.includes(ours[0].with.suite), `${ours[0].with.suite} is a suite`);
      for (const output of references(job, /outputs\.([\w-]+)/g))
        assert.ok(output in action.outputs, output);
    }
  });
}

test('the dashboards are what make.mjs writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-dashboards-'));
  try {
    cpSync(join(deploy, 'grafana/make.mjs'), join(folder, 'make.mjs'));
    execFileSync(process.execPath, [join(folder, 'make.mjs')]);
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    assert.deepEqual(files.sort(), ['baseline', 'cascading', 'chaos', 'scale', 'sustained']
      .map((suite) => `${suite}.json`));
    for (const file of files)
      assert.equal(read(`grafana/${file}`), readFileSync(join(folder, file), 'utf8'), file);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
