// docs/guide.md is true: every command in it is run, ends with the exit code that stands there, and
// prints what its text block says. Each heading is a shell, a folder and a network of its own, in
// which what it starts ends with it. Whole suites take minutes: of those listed in kShortened a copy
// is run, with shorter phases and fewer clients (shortened()), and judged by its table alone.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(path.join(root, 'docs/guide.md'), 'utf8');
const work = mkdtempSync(path.join(tmpdir(), 'gauntlet-guide-'));
after(() => rmSync(work, { recursive: true, force: true }));
const kPatienceMs = 240_000;
const kAtOnce = 5;  // headings

const kShortened = {
  'gauntlet run baseline': { time: 0.15, load: 0.2 },
  'gauntlet run baseline http://127.0.0.1:3000/mcp': { time: 0.1, load: 0.2 },
  'gauntlet run scale': { time: 0.05, load: 0.02 },
  'gauntlet run chaos': { time: 0.05, load: 0.04 },
  'gauntlet run cascading': { time: 0.05, load: 0.04 },
  'gauntlet run sustained --mode demo': { time: 0.01, load: 0.01 },
};
const suite_of = (text) => text.match(/^gauntlet run (\w+)/)[1];

// --- The guide: headings with their blocks, and each block's commands ---

// A command may go on after a backslash, and says by a comment which exit codes are right.
function commands_of(block) {
  const lines = block.replaceAll('\\\n', '\\\0').split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, command, comment = ''] = line.replaceAll('\0', '\n').match(/^([^]*?)(?:\s+# (.*))?$/);
    const codes = comment.match(/exit code ([\d, or]+)/)?.[1].match(/\d+/g)?.map(Number);
    const judges = /gauntlet (run|capacity|report) |^wait /.test(command);
    return { text: command, codes: codes ?? (judges ? [0, 4] : [0]) };
  });
}

function headings_of(text) {
  const all = [];
  let heading = { title: 'top', blocks: [] };
  let fence = null;
  for (const line of text.split('\n')) {
    const opens = line.match(/^```(.*)$/);
    if (opens && fence) {
      heading.blocks.push({ language: fence.language, text: fence.lines.join('\n') });
      fence = null;
    } else if (opens) {
      fence = { language: opens[1], lines: [] };
    } else if (fence) {
      fence.lines.push(line);
    } else if (/^#{1,3} /.test(line)) {
      heading = { title: line.replace(/^#+ /, ''), blocks: [] };
      all.push(heading);
    }
  }
  assert.equal(fence, null, 'a fence is not closed');
  return all.filter(({ blocks }) => blocks.length > 0);
}

const headings = headings_of(guide);
for (const heading of headings) {
  heading.scripts = [];
  for (const [i, { language, text }] of heading.blocks.entries()) {
    const below = heading.blocks[i + 1];
    if (language === 'sh')
      heading.scripts.push({ commands: commands_of(text), prints: below?.language === 'text' ? below.text.split('\n') : [] });
  }
}
const all_commands = headings.flatMap(({ scripts }) => scripts.flatMap(({ commands }) => commands));

// --- Running it ---

const milliseconds = (text) =>
  [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce((sum, [, n, unit]) => sum + n * { ms: 1, s: 1e3, m: 6e4, h: 3.6e6 }[unit], 0);

// A copy of a shipped suite: all times of its demo mode, clients and rates by these factors.
function shortened(name, { time, load }) {
  const shorter = (_all, key, demo, only) => `${key} = "${Math.max(100, Math.round(milliseconds(demo ?? only) * time))}ms"`;
  const fewer = (text) => text.replace(/\d+/g, (n) => String(Math.max(4, Math.round(n * load))));
  return readFileSync(path.join(root, `suites/${name}.toml`), 'utf8')
    .replace(/^(duration|at|for|every) = (?:\{ demo = "([^"]*)".*\}|"([^"]*)")$/gm, shorter)
    .replace(/^(ramp|floor) = .*$/gm, '$1 = "100ms"')
    .replace(/^rate = "auto"\ncapacity_share = .*\nrate_max = .*$/m, 'rate = "100000/s"')
    .replace(/^(connections|rate) = .*$/gm, fewer)
    .replace(/"(connections|throughput) [<>]= [^"]*"/g, fewer);
}

// What a shell does: each command as it stands, its exit code on descriptor 3, its output in a file.
function script_of(heading, folder) {
  const lines = ['ip link set lo up', `cd '${folder}'`];
  heading.scripts.forEach(({ commands }, block) => commands.forEach(({ text }, i) => {
    let command = text;
    if (text in kShortened) {
      const file = `${suite_of(text)}-short.toml`;
      writeFileSync(path.join(folder, file), shortened(suite_of(text), kShortened[text]));
      command = text.replace(suite_of(text), file);
    }
    lines.push(`{ ${command}`, `} >>'${folder}/.out.${block}.${i}' 2>&1 3>&-`, `echo "${block} ${i} $?" >&3`);
  }));
  return lines.join('\n');
}

const environment = Object.fromEntries(Object.entries(process.env)
  .filter(([name]) => !/^GITHUB_|_proxy$/i.test(name) && name !== 'STRESS_TEST_MODE'));

async function run_heading(heading, folder) {
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  if (process.getuid() !== 0) namespaces.push('--map-root-user');
  const child = spawn('unshare', [...namespaces, 'timeout', '-s', 'KILL', String(kPatienceMs / 1000), 'bash', '-c', script_of(heading, folder)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { ...environment, PATH: `${work}/bin:${process.env.PATH}` },
  });
  let codes = '';
  for await (const chunk of child.stdio[3]) codes += chunk;
  return new Map(codes.trim().split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

// --- Judging it ---

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// `…` stands for anything, a number for any number; of a run that was not sure INCONCLUSIVE will do,
// and of a shortened one any verdict.
function pattern_of(line, verdicts) {
  const part = (token) => {
    if (token === '…') return '.*';
    if (/^\s+$/.test(token)) return '\\s+';
    if (/^\d/.test(token)) return '[\\d.,]+(?:e[+-]?\\d+)?';
    return token === 'PASS' ? verdicts : quoted(token);
  };
  return new RegExp(`^\\s*${line.trim().split(/(…|\s+|\d[\d.,]*|\bPASS\b)/).filter(Boolean).map(part).join('')}\\s*$`);
}

function check_output(output, wanted, verdicts) {
  const lines = output.split('\n');
  let at = 0;
  for (const line of wanted) {
    const pattern = pattern_of(line, verdicts);
    const found = lines.findIndex((text, i) => i >= at && pattern.test(text));
    assert.ok(found >= 0, `no line like '${line}' (${pattern}) from line ${at} on in:\n${output}`);
    at = found + 1;
  }
}

// The whole table is there, and the exit code is what the summary says.
function check_shortened(text, output, code, folder) {
  const name = suite_of(text);
  for (const [, test_name] of readFileSync(path.join(root, `suites/${name}.toml`), 'utf8').matchAll(/^\[\[test\]\]\nname = "(.*)"$/gm))
    assert.match(output, new RegExp(`^${name}\\.${test_name}\\s+(PASS|WARN|FAIL|INCONCLUSIVE|SKIPPED)\\s`, 'm'), text);
  const at = output.match(/^report\s+(\S+)$/m)[1];
  assert.equal(JSON.parse(readFileSync(path.join(folder, at, 'summary.json'), 'utf8')).exit_code, code, text);
}

function check_heading(heading, codes, folder) {
  heading.scripts.forEach(({ commands, prints }, block) => {
    let [output, unsure, shorter] = ['', false, false];
    commands.forEach(({ text, codes: right }, i) => {
      const code = codes.get(`${block} ${i}`);
      assert.notEqual(code, undefined, `it was not run, or did not end: ${text}`);
      const printed = readFileSync(path.join(folder, `.out.${block}.${i}`), 'utf8');
      if (text in kShortened) check_shortened(text, printed, code, folder);
      else assert.ok(right.includes(code), `exit code ${code} instead of ${right} of: ${text}\n${printed}`);
      shorter ||= text in kShortened;
      unsure ||= code === 4;
      output += printed;
    });
    const verdicts = shorter ? '(?:PASS|WARN|FAIL|INCONCLUSIVE|SKIPPED)' : unsure ? '(?:PASS|INCONCLUSIVE)' : 'PASS';
    check_output(output, prints, verdicts);
  });
}

mkdirSync(path.join(work, 'bin'));
symlinkSync(path.resolve(process.env.GAUNTLET), path.join(work, 'bin/gauntlet'));

describe('every command of the guide does what the guide says', { concurrency: kAtOnce }, () => {
  for (const [i, heading] of headings.entries()) {
    if (heading.scripts.length === 0) continue;
    test(heading.title, { timeout: kPatienceMs }, async () => {
      const folder = path.join(work, String(i));
      mkdirSync(folder);
      for (const { language, text } of headings.flatMap(({ blocks }) => blocks))
        if (language === 'toml') writeFileSync(path.join(folder, text.match(/^# (\S+\.toml)\n/)[1]), text);
      check_heading(heading, await run_heading(heading, folder), folder);
    });
  }
});

// --- What the guide says beside its commands ---

test('no block escapes, and what is shortened is listed', () => {
  assert.ok(all_commands.length > 40, 'the commands are found');
  for (const { blocks } of headings) for (const { language } of blocks) assert.ok(['sh', 'text', 'toml'].includes(language), language);
  assert.doesNotMatch(guide, /^(?: {4}|\t)gauntlet /m, 'a command in an indented block');
  const suites = all_commands.map(({ text }) => text).filter((text) => /^gauntlet run (baseline|scale|chaos|cascading|sustained)\b/.test(text));
  assert.deepEqual([...new Set(suites)].sort(), Object.keys(kShortened).sort());
});

test('what the README shows is what the guide runs', () => {
  const readme = headings_of(readFileSync(path.join(root, 'README.md'), 'utf8'));
  const commands = readme.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'sh')).flatMap(({ text }) => commands_of(text));
  const known = new Set(all_commands.map(({ text }) => text.replace(/\s+/g, ' ')));
  const unknown = commands.map(({ text }) => text.replace(/\s+/g, ' ')).filter((text) => !text.startsWith('make ') && !known.has(text));
  assert.ok(commands.length > 8);
  assert.deepEqual(unknown, []);
});

for (const file of readdirSync(path.join(root, 'suites'))) {
  test(`the tests of ${file} are in the guide, with their limits`, () => {
    const name = path.basename(file, '.toml');
    const section = guide.split(`\n### ${name}\n`)[1].split(/\n##/)[0];
    const rows = new Map([...section.matchAll(/^\| `(\w+)` \|(.*)$/gm)].map(([, test_name, cells]) => [test_name, cells]));
    const tests = readFileSync(path.join(root, 'suites', file), 'utf8').split('[[test]]').slice(1);
    assert.deepEqual([...rows.keys()], tests.map((text) => text.match(/name = "(.*)"/)[1]));
    for (const text of tests) {
      const limits = [...text.split('limits = [')[1].matchAll(/"([^"]+)"/g)].map(([, limit]) => limit);
      const told = [...rows.get(text.match(/name = "(.*)"/)[1]).matchAll(/`([a-z_0-9]+ [<>]=? [^`]*)`/g)].map(([, limit]) => limit);
      assert.deepEqual(told, limits);
    }
  });
}

test('every reason of an INCONCLUSIVE is in the guide', () => {
  const sources = execFileSync('grep', ['-rhoE', '"(no|too|generator|machine|uncertain|interrupted)[a-z_]*(: |")', path.join(root, 'src/verdict')], { encoding: 'utf8' });
  const reasons = new Set([...sources.matchAll(/"((?:no|too|generator|machine)_[a-z_]+|uncertain|interrupted)/g)].map(([, reason]) => reason));
  assert.ok(reasons.size >= 8, [...reasons].join(' '));
  const told = guide.split('### INCONCLUSIVE')[1].split('\n##')[0];
  for (const reason of reasons) assert.match(told, new RegExp(`^\\| \`${reason}\` \\|`, 'm'));
});

const slug_of = (heading) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-');

test('every link between our documents leads somewhere', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'HACKING.md', ...readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
  const read = (file) => readFileSync(path.join(root, file), 'utf8').replace(/^```[^]*?^```/gm, '');
  for (const file of documents) {
    for (const [, target] of read(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [to, anchor] = target.split('#');
      const there = to ? path.join(path.dirname(file), to) : file;
      assert.ok(existsSync(path.join(root, there)), `${file}: ${target}`);
      if (anchor) assert.ok([...read(there).matchAll(/^#+ (.*)$/gm)].some(([, heading]) => slug_of(heading) === anchor), `${file}: ${target}`);
    }
  }
});

test('every picture that is shown is there, and every picture is shown', () => {
  const images = path.join(root, 'docs/images');
  const shown = new Set();
  for (const file of ['README.md', ...readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)])
    for (const [, name] of readFileSync(path.join(root, file), 'utf8').matchAll(/images\/([\w-]+\.\w+)/g)) shown.add(name);
  assert.deepEqual([...shown].sort(), readdirSync(images).sort());
});
