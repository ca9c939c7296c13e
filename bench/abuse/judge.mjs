// What the rounds of one kind of abuse say. A round is { without, elsewhere, here }, each
// { p99, errors, trusted } and, where there was abuse, done_share: of what was to be done.
//   PASS  all of the interval of here / without is within 2
//   FAIL  here / without is above 2, and so is here / elsewhere; or a message of the others failed
//   ?     anything else: the rounds scatter too much, or the machine is to blame. Never a PASS.
// It is ?, too, where the abuse fell short in any round, or where Gauntlet did not trust its own
// measurement in more than a third of the rounds (those are not used), or where they are fewer than 6.
import { interval, median } from '../compare/statistics.mjs';

const ratio_max = 2;
const done_share_min = 0.9;
const used_share_min = 2 / 3;
const rounds_min = 6;  // with fewer, no interval of a median reaches 95 %

const spread = (values) => {
  const { low = NaN, high = NaN } = interval(values);
  return { median: median(values), low, high };
};

function verdict_of(row, rounds) {
  if (row.errors > 0) return `FAIL: ${row.errors} messages of the others failed`;
  if (!(row.done_share >= done_share_min)) return '? the abuse fell short';
  if (row.used.length < rounds.length * used_share_min) return '? not trusted';
  if (row.used.length < rounds_min) return '? too few rounds';
  if (row.total.high <= ratio_max) return 'PASS';
  if (row.total.median <= ratio_max) return '? scatters too much';
  return row.server.median > ratio_max ? 'FAIL' : '? the machine is slower';
}

export function judge(rounds) {
  const used = rounds.filter((round) => Object.values(round).every(({ trusted }) => trusted));
  const ratio = (of, to) => spread(used.map((round) => round[of].p99 / round[to].p99));
  const row = {
    used,
    total: ratio('here', 'without'),
    machine: ratio('elsewhere', 'without'),
    server: ratio('here', 'elsewhere'),
    errors: rounds.reduce((sum, { here }) => sum + here.errors, 0),
    done_share: Math.min(...rounds.flatMap(({ elsewhere, here }) => [elsewhere.done_share, here.done_share])),
  };
  return { ...row, verdict: verdict_of(row, rounds) };
}
