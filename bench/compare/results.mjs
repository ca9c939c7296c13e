// What the measurements come to: ratios formed within each round, figures of each subject, goals.
import { kinds } from './kinds.mjs';
import { interval, median } from './statistics.mjs';

const kMetrics = ['requests_per_s', 'generator_cpu_us', 'server_cpu_us', 'bytes_each'];

const summed_up = (values) =>
  values.length === 0 ? { rounds: 0, median: null, interval: null }
                      : { rounds: values.length, median: median(values), interval: interval(values) };

function values_by_round(results, subject, metric) {
  const mine = results.filter((one) => one.subject === subject && one[metric] !== undefined);
  return new Map(mine.map((one) => [one.round, one[metric]]));
}

function form_ratio(results, { text, metric, of, over, goal }) {
  const above = values_by_round(results, of, metric), below = values_by_round(results, over, metric);
  const both = [...above.keys()].filter((round) => below.has(round)).sort((a, b) => a - b);
  const values = both.map((round) => above.get(round) / below.get(round));
  return { text, metric, of, over, goal: goal ?? null, values, ...summed_up(values) };
}

// By the median; `certain` where the whole interval says the same.
function judge({ text, goal, rounds, median: reached, interval: range }) {
  if (rounds === 0) return { text, goal, reached: null, interval: null, met: null, certain: null };
  const holds = (value) =>
    goal.at_least === undefined ? value <= goal.at_most : value >= goal.at_least;
  const met = holds(reached);
  const certain = holds(range.low) === met && holds(range.high) === met;
  return { text, goal, reached, interval: range, met, certain };
}

function figures_of(results, subject) {
  const figures = {};
  for (const metric of kMetrics) {
    const values = [...values_by_round(results, subject.id, metric).values()];
    if (values.length > 0) figures[metric] = summed_up(values);
  }
  return { id: subject.id, pattern: subject.pattern, figures };
}

function others_share(results) {
  const values = results.map((one) => one.others_cpu_share).filter((value) => value !== undefined);
  return values.length === 0 ? null : { median: median(values), max: Math.max(...values) };
}

export function conclude(plans, results) {
  const chapters = plans.map(({ kind, pattern, subjects, ratios }) => ({
    kind,
    title: kinds[kind].title,
    pattern,
    ratios: ratios.map((ratio) => form_ratio(results, ratio)),
    subjects: subjects.map((subject) => figures_of(results, subject)),
  }));
  const goals = chapters.flatMap(({ ratios }) => ratios).filter(({ goal }) => goal).map(judge);
  return { others_cpu_share: others_share(results), goals, chapters };
}
