// The report as Markdown that can be pasted into a document as it is.
const number = (value) => {
  if (value === null) return '–';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
};
const range = (interval) => (interval ? `${number(interval.low)} – ${number(interval.high)}` : '–');
const with_range = ({ median, interval }) => `${number(median)} (${range(interval)})`;
const wanted = (goal) =>
  goal.at_least === undefined ? `≤ ${goal.at_most}` : `≥ ${goal.at_least}`;
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

function verdict({ met, certain }) {
  if (met === null) return 'not measured';
  if (certain) return met ? 'yes' : 'no';
  return met ? 'by its median; the interval reaches beyond'
             : 'not by its median; the interval reaches it';
}

const goals_table = (goals) =>
  table(['goal', 'wanted', 'reached', 'interval', 'met?'],
        goals.map((one) => [one.text, wanted(one.goal), number(one.reached), range(one.interval),
                            verdict(one)]));

const ratios_table = (ratios) =>
  table(['ratio', 'median', 'interval', 'rounds'],
        ratios.map((one) => [one.text, number(one.median), range(one.interval), one.rounds]));

const kColumns = {
  requests_per_s: 'requests per second',
  generator_cpu_us: 'generator, µs of CPU per request',
  server_cpu_us: 'server, µs of CPU per request',
  bytes_each: 'bytes each',
};

const sizes_of = ({ request_bytes, answer_bytes }) =>
  request_bytes === undefined ? '' : ` (${request_bytes} bytes there, ${answer_bytes} back)`;

function figures_table(subjects) {
  const columns = Object.keys(kColumns).filter((name) => subjects.some(({ figures }) => figures[name]));
  const rows = subjects.map(({ id, pattern, figures }) => [
    id + sizes_of(pattern),
    ...columns.map((name) => (figures[name] ? with_range(figures[name]) : '–')),
  ]);
  return table(['', ...columns.map((name) => kColumns[name])], rows);
}

function chapter({ title, pattern, ratios, subjects }) {
  const parts = [`### ${title}`, pattern];
  if (ratios.length > 0) parts.push(ratios_table(ratios));
  return [...parts, figures_table(subjects)].join('\n\n');
}

const interval_text = (rounds) =>
  rounds < 6
    ? `An interval is the smallest and the largest of ${rounds} round${rounds === 1 ? '' : 's'}, too few
for a confidence.`
    : `An interval holds the median with a confidence of at least 95 % (order statistics, no
distribution assumed).`;

const percent = (share) => `${(100 * share).toFixed(0)} %`;
const others_text = (share) =>
  share === null ? '' : `Other programs and interrupts took ${percent(share.median)} of the machine's
processor time meanwhile (median; at most ${percent(share.max)}). `;

function setting({ started_at, options, machine, tools, others_cpu_share }) {
  const { rounds, seconds, only } = options;
  const memory = `${(machine.memory_bytes / 2 ** 30).toFixed(0)} GiB`;
  const load = machine.load_average;
  const named = Object.entries(tools).map(([name, version]) => `${name} ${version}`).join(', ');
  return `Obtained by
\`bench/compare/compare.sh --rounds ${rounds} --seconds ${seconds} --only ${only.join(',')}\`
at ${started_at.slice(0, 16).replace('T', ' ')} UTC on ${machine.cores} cores of ${machine.cpu_model}, ${memory}, ${machine.kernel}; load
average ${load.before[0]} before, ${load.after[0]} after. ${others_text(others_cpu_share)}Servers ran on core 0, generators
on core 1. Every subject was measured once a round, in turn, backwards in every second round; ratios
were formed within a round. ${interval_text(rounds)} Quote the ratios: absolute figures move with
whatever else the machine does.

Versions: ${named}.`;
}

const failures_text = (failures) =>
  failures.map(({ round, subject, why }) => `- round ${round}, ${subject}: ${why}`).join('\n');

export function markdown(report) {
  const parts = [`## Figures of ${report.started_at.slice(0, 10)}`, setting(report)];
  if (report.failures.length > 0)
    parts.push('### Failed', 'These have no figure below:', failures_text(report.failures));
  if (report.goals.length > 0) parts.push('### Goals', goals_table(report.goals));
  return `${[...parts, ...report.chapters.map(chapter)].join('\n\n')}\n`;
}
