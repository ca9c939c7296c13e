// What a climb came to: throughput over connections with the scaling law and its band, and the table
// of its levels; and what a search for capacity found.
import { Chart } from './chart';
import type { Capacity, Level, Page, ScalingCurve, Step, Value } from './data';
import { badge, el, section, table } from './dom';
import { cores, count, megabytes, ms, rate, share, short } from './format';

function curve_data(curve: ScalingCurve): (Value[] | number[])[] {
  const points = new Map<number, Value[]>();  // by connections: trusted, not trusted, law, low, high
  const at = (n: number) => points.get(n) ?? points.set(n, [null, null, null, null, null]).get(n)!;
  curve.law?.n.forEach((n, i) => at(n).splice(2, 3, curve.law!.x[i]!, curve.law!.low[i]!, curve.law!.high[i]!));
  for (const level of curve.levels) at(level.connections)[level.trusted ? 0 : 1] = level.achieved_per_s;
  const ns = [...points.keys()].sort((a, b) => a - b);
  return [ns, ...[0, 1, 2, 3, 4].map((k) => ns.map((n) => points.get(n)![k]!))];
}

// A level's load is seldom one of the law's points: the law is drawn through it all the same.
function filled(column: Value[], xs: number[]): Value[] {
  const known = column.map((v, i) => (v === null ? -1 : i)).filter((i) => i >= 0);
  return column.map((v, i) => {
    if (v !== null) return v;
    const after = known.find((k) => k > i);
    const before = known.findLast((k) => k < i);
    if (after === undefined || before === undefined) return null;
    const part = (xs[i]! - xs[before]!) / (xs[after]! - xs[before]!);
    return column[before]! + part * (column[after]! - column[before]!);
  });
}

export function scaling_chart(curve: ScalingCurve): Chart {
  const law = curve.law;
  const about = law ? `${law.words} Shaded: 95 % confidence; the law ends at 1.5 times what was measured.`
    : 'No law: it takes four levels of different loads that are judged.';
  return new Chart({
    title: `Scaling, ${curve.title}`, about, y_unit: 'messages/s', x_label: 'connections', height: 300,
    lines: [
      { label: 'achieved', ink: 's2', points: true, format: rate },
      { label: 'not trusted', ink: 's7', points: true, format: rate },
      { label: 'law', ink: 's1', width: 2, format: rate },
      { label: 'low', ink: 's1', band: true }, { label: 'high', ink: 's1', band: true },
    ],
    bands: [{ upper: 4, lower: 3, ink: 's1' }],
    data: () => {
      const [xs, trusted, distrusted, ...laws] = curve_data(curve);
      return [xs as number[], trusted!, distrusted!, ...laws.map((c) => filled(c as Value[], xs as number[]))];
    },
    x_text: (n) => `${count(n)} connections`,
    x_values: (_u, splits) => splits.map(short),
    x_range: () => [0, 1.02 * Math.max(...curve.levels.map((l) => l.connections), ...(law?.n ?? []))],
  });
}

const kLevelHead = ['level', 'connections', 'burst', 'offered', 'achieved', 'p50', 'p95', 'p99', 'errors', 'memory', 'CPU', 'of the floor', 'self-check'];

function level_row(level: Level): (Node | string)[] {
  const time = level.response_time_ms;
  return [level.name, count(level.connections), count(level.burst), level.model === 'closed' ? 'closed loop' : rate(level.offered_per_s),
    rate(level.achieved_per_s), ms(time.p50), ms(time.p95), ms(time.p99), share(level.error_rate),
    megabytes(level.target_memory_mb), cores(level.target_cpu), share(level.floor_share),
    level.trusted ? 'trusted' : el('strong', { class: 'bad' }, 'NOT trusted')];
}

export function levels_section(page: Page, charts: Chart[]): HTMLElement | null {
  if (page.facts.levels.length === 0) return null;
  const curves = page.scaling.map(scaling_chart);
  charts.push(...curves);
  return section('scaling', curves.length > 0 ? 'Scaling' : 'Levels',
    el('div', { class: 'charts' }, ...curves.map((chart) => chart.root)),
    table('Table of levels', kLevelHead, page.facts.levels.map(level_row), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
}

function step_row(of: string, step: Step, i: number): (Node | string)[] {
  const result = step.result;
  const load = of === 'rate' ? rate(step.load) : `${count(step.load)} connections`;
  return [String(i + 1), load, badge(step.kept ? 'PASS' : step.gave_way.who === 'limits' || step.gave_way.who === 'target' ? 'FAIL' : 'INCONCLUSIVE'),
    rate(result.achieved_per_s), ms(result.response_time_ms.p95), ms(result.response_time_ms.p99),
    step.kept ? '' : `${step.gave_way.who}: ${step.gave_way.reason ?? ''}`];
}

export function capacity_section(capacity: Capacity | null): HTMLElement | null {
  if (!capacity) return null;
  const steps = capacity.steps.map((step, i) => step_row(capacity.of, step, i));
  if (capacity.hold) steps.push(['hold', ...step_row(capacity.of, capacity.hold, 0).slice(1)] as (Node | string)[]);
  return section('capacity', 'Capacity', el('p', { class: 'finding' }, capacity.text),
    capacity.lost ? el('p', { class: 'bad' }, capacity.lost) : null,
    table('Steps of the search', ['step', 'load', 'kept', 'achieved', 'p95', 'p99', 'what gave way'], steps, [1, 3, 4, 5]),
    ...capacity.notes.map((note) => el('p', {}, note)));
}

