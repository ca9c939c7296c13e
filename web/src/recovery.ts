// What each fault did and how the run came back: one row an occurrence, and a curve a fault with all
// its occurrences on top of each other, each against its own baseline.
import { Chart, type Line } from './chart';
import type { Fault, Part, Value } from './data';
import { badge, el, section, table } from './dom';
import { clock, count, seconds, share } from './format';

const kBeforeS = 10;
const kAfterS = 5;  // beyond what was looked at
const kCurvesMax = 12;

function recovery_text(fault: Fault): string {
  const recovery = fault.analysis?.recovery;
  if (!recovery) return '–';
  if (recovery.status === 'recovered') return seconds(recovery.since_start_s);
  if (recovery.status === 'never') return `never in ${seconds(recovery.censored_s)}${recovery.metastable ? ', metastable' : ''}`;
  return recovery.status.replaceAll('_', ' ');
}

// What shows that it took effect.
function evidence(fault: Fault): HTMLElement {
  if (fault.skipped !== null) return el('small', {}, `skipped: ${fault.skipped}`);
  const all = Object.entries(fault.evidence).map(([name, value]) => `${name} ${value}`).join(', ');
  return fault.has_evidence ? el('small', {}, all) : el('small', { class: 'bad' }, `no evidence${all ? `: ${all}` : ''}`);
}

function row(fault: Fault): (Node | string)[] {
  const impact = fault.analysis?.impact;
  const name = fault.occurrence > 0 ? `${fault.id} (${fault.occurrence + 1})` : fault.id;
  const happened = fault.skipped === null;
  return [el('div', {}, name, el('small', {}, fault.kind), evidence(fault)),
    happened ? clock(fault.start_s) : badge('SKIPPED'), happened ? seconds(fault.end_s - fault.start_s) : '–',
    happened ? `${count(fault.reconnected)} of ${count(fault.victims)}` : '–', seconds(fault.analysis?.detected_s ?? null),
    el('span', { class: 'keep' }, recovery_text(fault)), share(impact?.depth ?? null), share(impact?.throughput_lost ?? null), share(impact?.peak_error_rate ?? null)];
}

interface Curve { fault: Fault; points: [number, number][]; end: number }

// Goodput against the baseline before the fault, over the time since it began.
function curve_of(fault: Fault, part: Part): Curve | null {
  const baseline = fault.analysis?.recovery.baseline_goodput_per_s ?? null;
  if (baseline === null || baseline <= 0) return null;
  const end = (fault.analysis?.looked_until_s ?? fault.end_s) - fault.start_s;
  const points: [number, number][] = [];
  part.seconds.t.forEach((t, i) => {
    const since = t - fault.start_s;
    const completed = part.seconds.columns['completed']?.[i] ?? null;
    if (since >= -kBeforeS && since <= end + kAfterS && completed !== null) points.push([since, (100 * completed) / baseline]);
  });
  return points.length < 2 ? null : { fault, points, end };
}

function chart_of(id: string, curves: Curve[]): Chart {
  const shown = curves.slice(0, kCurvesMax);
  const xs = [...new Set(shown.flatMap((curve) => curve.points.map(([x]) => x)))].sort((a, b) => a - b);
  const index = new Map(xs.map((x, i) => [x, i]));
  const column = (curve: Curve): Value[] => {  // other curves' times lie between its own
    const values: Value[] = xs.map(() => null);
    curve.points.forEach(([x, y], k) => {
      values[index.get(x)!] = y;
      const next = curve.points[k + 1];
      if (!next) return;
      for (let i = index.get(x)! + 1; i < index.get(next[0])!; ++i)
        values[i] = y + ((next[1] - y) * (xs[i]! - x)) / (next[0] - x);
    });
    return values;
  };
  const percent = (v: Value) => (v === null ? '–' : `${v.toFixed(0)} %`);
  const lines: Line[] = shown.map((_curve, i) => ({
    label: shown.length === 1 ? 'goodput' : `${i + 1}`, ink: 's1', width: shown.length === 1 ? 2 : 1.25, format: percent }));
  lines.push({ label: '90 %', ink: 's3', dash: true });
  const first = shown[0]!;
  const about = `${curves.length > shown.length ? `The first ${shown.length} of ${count(curves.length)} occurrences. ` : ''}` +
    'Verified messages, of what came through before the fault.';
  return new Chart({
    title: `Recovery from ${id}`, about, y_unit: '% of the baseline', lines, x_label: 'seconds since the fault began',
    data: () => [xs, ...shown.map(column), xs.map(() => 90)],
    x_text: (x) => `${x.toFixed(1)} s`, x_values: (_u, splits) => splits.map(String),
    mark: (u) => {
      u.over.querySelectorAll('.fault, .recovered').forEach((old) => old.remove());
      const box = (kind: string, from: number, to: number) => {
        const element = el('div', { class: kind });
        element.style.left = `${u.valToPos(from, 'x')}px`;
        element.style.width = `${Math.max(u.valToPos(to, 'x') - u.valToPos(from, 'x'), 0)}px`;
        u.over.append(element);
      };
      box('fault', 0, Math.max(first.fault.end_s - first.fault.start_s, 0));
      for (const { fault } of shown) {
        const since = fault.analysis?.recovery.since_start_s ?? null;
        if (since !== null) box('recovered', since, since);
      }
    },
  });
}

export function faults_section(faults: Fault[], part: Part, charts: Chart[]): HTMLElement | null {
  if (faults.length === 0) return null;
  const by_id = new Map<string, Curve[]>();
  for (const fault of faults) {
    const curve = fault.skipped === null ? curve_of(fault, part) : null;
    if (curve) by_id.set(fault.id, [...(by_id.get(fault.id) ?? []), curve]);
  }
  const all = [...by_id].map(([id, curves]) => chart_of(id, curves));
  charts.push(...all);
  return section('faults', 'Faults and recovery',
    el('div', { class: 'charts' }, ...all.map((chart) => chart.root)),
    table('Table of faults', ['fault, and its evidence', 'at', 'for', 'victims back', 'detected after', 'recovered after', 'depth',
      'throughput lost', 'peak error rate'], faults.map(row), [1, 2, 3, 4, 6, 7, 8]));
}
