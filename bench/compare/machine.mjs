// The machine, the tools on it and their versions, and what is missing there.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { package_path } from '../../test/peers/packages.mjs';
import { kinds } from './kinds.mjs';
import { descriptor_limit } from './proc.mjs';

// How a tool says its version, and the Debian package that has it.
const kTools = {
  bash: { ask: ['--version'], debian: 'bash' },
  hey: { ask: ['-h'], debian: 'hey' },
  h2load: { ask: ['--version'], debian: 'nghttp2-client' },
  nginx: { ask: ['-v'], debian: 'nginx-light' },
  openssl: { ask: ['version'], debian: 'openssl' },
  setpriv: { ask: ['--version'], debian: 'util-linux' },
  taskset: { ask: ['--version'], debian: 'util-linux' },
  wrk: { ask: ['-v'], debian: 'wrk' },
};
const kPackages = ['autocannon', '@modelcontextprotocol/sdk', '@modelcontextprotocol/server'];
const kSpareDescriptors = 100;

const is_there = (tool) =>
  tool === 'autocannon' ? existsSync(package_path('autocannon/autocannon.js'))
                        : spawnSync(tool, kTools[tool].ask).error === undefined;
const source_of = (tool) =>
  tool === 'autocannon' ? 'npm package autocannon of test/npm' : `Debian package ${kTools[tool].debian}`;

// One line each: what is missing and what to do. Needs all of it before the first measurement.
export function missing_tools({ only, connections_max }) {
  const program = process.env.GAUNTLET ?? 'build/release/gauntlet';
  const needed = ['bash', 'setpriv', 'taskset', ...only.flatMap((kind) => kinds[kind].needs)];
  const missing = [...new Set(needed)].filter((tool) => !is_there(tool))
    .map((tool) => `${tool} is missing (${source_of(tool)}): run deps/install.sh test`);
  const root = new URL('../../', import.meta.url);
  if (!existsSync(process.env.GAUNTLET ?? new URL('build/release/gauntlet', root)))
    missing.push(`${program} is missing: cmake --preset release && cmake --build --preset release`);
  if (cpus().length < 2) missing.push('two cores are needed, one for the server and one for the load');
  if (descriptor_limit() < connections_max + kSpareDescriptors)
    missing.push(`at most ${descriptor_limit()} descriptors are allowed: raise \`ulimit -n\` above ` +
                 `${connections_max + kSpareDescriptors}, or give --connections-max`);
  return missing;
}

export const load_average = () => loadavg().map((value) => Number(value.toFixed(2)));

export const describe_machine = () => ({
  cpu_model: cpus()[0].model,
  cores: cpus().length,
  kernel: `Linux ${release()}`,
  memory_bytes: totalmem(),
});

// hey tells none: Debian does.
function version_of(tool) {
  if (tool === 'hey') {
    const asked = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'hey'], { encoding: 'utf8' });
    return asked.status === 0 ? asked.stdout : 'unknown';
  }
  const asked = spawnSync(tool, kTools[tool].ask, { encoding: 'utf8' });
  if (asked.error) return null;
  return /\d+(\.\d+)+\S*/.exec(asked.stdout + asked.stderr)?.[0].replace(/[,)]$/, '') ?? 'unknown';
}

// Not through the package's exports, which may hide it.
const package_version = (name) =>
  JSON.parse(readFileSync(package_path(`${name}/package.json`), 'utf8')).version;

export function versions(program) {
  const asked = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const found = { gauntlet: /\d+(\.\d+)+/.exec(asked.stdout)?.[0] ?? 'unknown', node: process.versions.node };
  for (const tool of ['wrk', 'h2load', 'hey', 'nginx', 'openssl']) {
    const version = version_of(tool);
    if (version !== null) found[tool] = version;
  }
  for (const name of kPackages) found[name] = package_version(name);
  return found;
}
