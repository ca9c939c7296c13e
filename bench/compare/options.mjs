// The command line of compare.sh.
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { kinds } from './kinds.mjs';

const kOut = fileURLToPath(new URL('../../build/compare', import.meta.url));

export const kUsage = `usage: bench/compare/compare.sh [options]
  --rounds N            how often everything is measured; from 6 on the interval of a median has a
                        confidence of 95 % (default 9)
  --seconds S           of each measurement under load (default 3)
  --only KIND,…         of ${Object.keys(kinds).join(', ')} (default: all)
  --connections-max N   leave out patterns with more connections (default 15000)
  --out FOLDER          where compare.md and compare.json go (default build/compare)`;

function usage_error(text) {
  return Object.assign(new Error(`${text}\n${kUsage}`), { is_usage: true });
}

function number_in(values, name, from, to) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw usage_error(`--${name} '${values[name]}' is not a whole number of ${from}-${to}`);
}

function parse(argv) {
  const options = {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: Object.keys(kinds).join(',') },
    'connections-max': { type: 'string', default: '15000' },
    out: { type: 'string', default: kOut },
    help: { type: 'boolean', default: false, short: 'h' },
  };
  try {
    return parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw usage_error(error.message);
  }
}

export function read_options(argv) {
  const values = parse(argv);
  const only = values.only.split(',');
  for (const name of only)
    if (!Object.hasOwn(kinds, name)) throw usage_error(`--only: there is no kind '${name}'`);
  return {
    help: values.help,
    rounds: number_in(values, 'rounds', 1, 1000),
    seconds: number_in(values, 'seconds', 1, 3600),
    connections_max: number_in(values, 'connections-max', 150, 15_000),
    only: [...new Set(only)],
    out: values.out,
  };
}
