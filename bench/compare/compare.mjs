// Measures our generator and our server beside others, all subjects in turn in every round, and
// writes what came out as compare.md and compare.json. Options: options.mjs. Each kind of
// measurement is a module of kinds.mjs that names its subjects, how each is measured once, and the
// ratios to form. Exit codes: 0 all was measured, 1 something failed, 2 usage or a missing tool.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { House } from './house.mjs';
import { kinds } from './kinds.mjs';
import { describe_machine, load_average, missing_tools, versions } from './machine.mjs';
import { markdown } from './markdown.mjs';
import { kUsage, read_options } from './options.mjs';
import { conclude } from './results.mjs';

const say = (text) => process.stderr.write(`compare: ${text}\n`);
const number = (value) => value.toLocaleString('en', { maximumFractionDigits: 1 });
const figures = (measured) =>
  ['requests_per_s', 'generator_cpu_us', 'server_cpu_us', 'bytes_each']
    .filter((name) => measured[name] !== undefined)
    .map((name) => `${name} ${number(measured[name])}`)
    .join(', ');

// Two kinds may want the same subject: it is measured once a round.
async function prepare(house, options) {
  const plans = [], subjects = new Map();
  for (const name of options.only) {
    const plan = await kinds[name].prepare(house, options);
    plans.push({ kind: name, ...plan });
    for (const subject of plan.subjects)
      if (!subjects.has(subject.id)) subjects.set(subject.id, subject);
  }
  return { plans, subjects: [...subjects.values()] };
}

async function measure_round(subjects, round, results, failures) {
  for (const subject of round % 2 ? subjects : subjects.toReversed()) {
    try {
      const measured = await subject.measure();
      results.push({ round, subject: subject.id, ...measured });
      say(`round ${round}: ${subject.id}: ${figures(measured)}`);
    } catch (error) {
      const why = error.message.replace(/\s+/g, ' ').trim();
      failures.push({ round, subject: subject.id, why });
      say(`round ${round}: ${subject.id}: FAILED: ${why}`);
    }
  }
}

async function measure_all(house, options) {
  const started_at = new Date().toISOString(), load_before = load_average();
  const { plans, subjects } = await prepare(house, options);
  const results = [], failures = [];
  for (let round = 1; round <= options.rounds; ++round)
    await measure_round(subjects, round, results, failures);
  const { rounds, seconds, only } = options;
  return {
    schema: 'gauntlet/compare/v1',
    started_at,
    options: { rounds, seconds, only, connections_max: options.connections_max },
    machine: { ...describe_machine(), load_average: { before: load_before, after: load_average() } },
    tools: versions(house.program),
    ...conclude(plans, results),
    failures,
    measurements: results,
  };
}

async function main() {
  const options = read_options(process.argv.slice(2));
  if (options.help) return console.log(kUsage);
  const missing = missing_tools(options);
  if (missing.length > 0) throw Object.assign(new Error(missing.join('\n  ')), { is_usage: true });
  const house = new House();
  try {
    const report = await measure_all(house, options);
    mkdirSync(options.out, { recursive: true });
    writeFileSync(path.join(options.out, 'compare.json'), `${JSON.stringify(report, null, 1)}\n`);
    writeFileSync(path.join(options.out, 'compare.md'), markdown(report));
    say(`written: ${path.join(options.out, 'compare.md')} and compare.json`);
    if (report.failures.length > 0) throw new Error(`${report.failures.length} measurements failed`);
  } finally {
    await house.close();
  }
}

main().catch((error) => {
  say(error.message);
  process.exitCode = error.is_usage ? 2 : 1;
});
