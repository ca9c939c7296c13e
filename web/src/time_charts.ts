// Everything over the run's time, on one cursor: what was asked for and achieved, times, errors,
// connections, and what it cost, with the phases and the faults.
import type uPlot from 'uplot';
import { Chart, type Line } from './chart';
import type { Facts, Fault, Part, Table, Value } from './data';
import { el } from './dom';
import { clock, cores, count, megabytes, ms, rate } from './format';
import type { Ink } from './theme';

export const kTimeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600];

// Where a fault was, and when all was well again.
export interface Mark { fault: Fault; from: number; to: number; recovered: number | null }

export function marks_of(faults: Fault[]): Mark[] {
  return faults.filter((fault) => fault.skipped === null).map((fault) => {
    const since = fault.analysis?.recovery.since_start_s ?? null;
    return { fault, from: fault.start_s, to: Math.max(fault.end_s, fault.start_s),
      recovered: since === null ? null : fault.start_s + since };
  });
}

function mark_text(mark: Mark): string {
  const until = mark.to > mark.from ? ` to ${clock(mark.to)}` : '';
  return `${mark.fault.id} (${mark.fault.kind}), ${clock(mark.from)}${until}`;
}

// Phases and faults, as elements over the lines.
export function draw_marks(u: uPlot, facts: Facts, marks: Mark[]): void {
  const width = u.over.clientWidth;
  const left = (t: number) => u.valToPos(t, 'x');
  const boxes: HTMLElement[] = [];
  const box = (kind: string, from: number, to: number, title: string): HTMLElement | null => {
    const [x1, x2] = [Math.max(left(from), 0), Math.min(left(to), width)];
    if (x2 < 0 || x1 > width || x2 < x1) return null;
    const element = el('div', { class: kind, title });
    element.style.left = `${x1}px`;
    element.style.width = `${Math.max(x2 - x1, 0)}px`;
    boxes.push(element);
    return element;
  };
  for (const phase of facts.phases) {
    if (phase.start_s === null) continue;
    const gaps = facts.run.gaps.filter((gap) => gap.phase === phase.name).reduce((sum, gap) => sum + gap.end_s - gap.start_s, 0);
    const element = box('phase', phase.start_s, phase.start_s + phase.duration_s + gaps, `phase ${phase.name}`);
    const label_px = 48;
    if (element && parseFloat(element.style.width) >= label_px) element.append(el('span', {}, phase.name));
  }
  for (const mark of marks) {
    const element = box('fault', mark.from, mark.to, mark_text(mark));
    element?.setAttribute('data-fault', mark.fault.id);
    if (mark.recovered !== null) box('recovered', mark.recovered, mark.recovered, `recovered at ${clock(mark.recovered)}`);
  }
  for (const gap of facts.run.gaps)
    box('gap', gap.start_s, gap.end_s, `without Gauntlet, ${clock(gap.start_s)} to ${clock(gap.end_s)}`);
  u.over.querySelectorAll('.phase, .fault, .recovered, .gap').forEach((old) => old.remove());
  u.over.append(...boxes);
}

const columns = (table: Table, names: string[]): (Value[] | number[])[] =>
  [table.t, ...names.map((name) => table.columns[name] ?? table.t.map(() => null))];

interface TimeChart {
  title: string;
  unit: string;
  table: (part: Part) => Table;
  lines: (Line & { column: string })[];
  log?: boolean;
  y_max?: number;
  about?: string;
}

const line = (column: string, label: string, ink: Ink, format: (v: Value) => string, more: Partial<Line> = {}) =>
  ({ column, label, ink, format, ...more });

const kErrorInks: Ink[] = ['s5', 's2', 's4', 's6', 's3', 's1', 's8', 's9', 's10', 's7'];

function error_lines(part: Part): (Line & { column: string })[] {
  return Object.keys(part.seconds.columns).filter((name) => name.startsWith('error_'))
    .map((name, i) => line(name, name.slice('error_'.length), kErrorInks[i % kErrorInks.length]!, rate));
}

function errors_chart(part: Part): TimeChart[] {
  const lines = error_lines(part);
  return lines.length === 0 ? [] : [{ title: 'Errors by class', unit: 'errors/s', table: (p) => p.seconds, lines }];
}

function charts_of(part: Part, host_cores: number): TimeChart[] {
  const of_seconds = (p: Part) => p.seconds;
  const all: TimeChart[] = [
    { title: 'Throughput', unit: 'messages/s', table: of_seconds, lines: [
      line('scheduled', 'offered', 's7', rate, { dash: true }), line('completed', 'achieved', 's1', rate, { width: 2 })] },
    { title: 'Response time', unit: 'ms since the intended send', log: true, table: of_seconds, lines: [
      line('response_p50', 'p50', 's3', ms), line('response_p95', 'p95', 's1', ms),
      line('response_p99', 'p99', 's4', ms), line('response_max', 'max', 's5', ms, { width: 1, hidden: true })] },
    { title: 'Service time', unit: 'ms since the actual send', log: true, table: of_seconds, lines: [
      line('service_p50', 'p50', 's3', ms), line('service_p95', 'p95', 's1', ms), line('service_p99', 'p99', 's4', ms)] },
    ...errors_chart(part),
    { title: 'Connections', unit: 'connections', table: of_seconds, lines: [
      line('ready', 'ready', 's1', count, { width: 2 }), line('victims_waiting', 'cut and not yet back', 's5', count)] },
    { title: 'Messages under way', unit: 'messages', table: of_seconds, lines: [
      line('outstanding', 'sent, not finished', 's6', count), line('retries', 'attempts again, per second', 's2', count)] },
    { title: 'Longest pause of the target', unit: 'ms without any answer', table: of_seconds, lines: [
      line('pause', 'pause', 's9', ms)] },
    { title: 'Memory of the target', unit: 'MB', table: (p) => p.memory, lines: [
      line('resident', 'resident', 's1', megabytes), line('proportional', 'shared pages counted once', 's3', megabytes, { width: 2 })] },
    { title: 'Who had the cores', unit: 'cores', table: (p) => p.cores, y_max: host_cores, lines: [
      line('target', 'target', 's1', cores, { width: 2 }), line('generator', 'Gauntlet', 's2', cores),
      line('others', 'other programs', 's7', cores)] },
    { title: 'Send lag of the generator', unit: 'ms', log: true, table: of_seconds, lines: [
      line('send_lag_p99', 'p99', 's8', ms)] },
  ];
  return all.filter((chart) => chart.title === 'Throughput' || chart.table(part).t.length > 0);
}

// The end of the time axis: of what was measured, or of what is planned while it goes on.
export function time_range(part: Part, facts: Facts, live: boolean): () => [number, number] {
  return () => {
    const planned = facts.phases.reduce((end, p) => Math.max(end, (p.start_s ?? 0) + p.duration_s), 0);
    const reached = part.seconds.t[part.seconds.t.length - 1] ?? 0;
    return [0, Math.max(live ? Math.max(planned, reached) : reached, 1)];
  };
}

export function time_charts(part: Part, facts: Facts, live: boolean, marks: () => Mark[]): Chart[] {
  return charts_of(part, facts.host.cores).map((chart) => new Chart({
    title: chart.title, y_unit: chart.unit, y_log: chart.log ?? false, group: 'time',
    ...(chart.about ? { about: chart.about } : {}), ...(chart.y_max ? { y_max: chart.y_max } : {}),
    lines: chart.lines, x_text: clock, x_steps: kTimeSteps, x_range: time_range(part, facts, live),
    data: () => columns(chart.table(part), chart.lines.map((l) => l.column)).map((column, i) =>
      (chart.log && i > 0 ? column.map((v) => (v === 0 ? null : v)) : column)),
    mark: (u) => draw_marks(u, facts, marks()),
  }));
}

// What the shading means, and how much one point stands for.
export function time_notes(part: Part, facts: Facts, live: boolean): HTMLElement {
  const keys: HTMLElement[] = [];
  if (facts.faults.some((fault) => fault.skipped === null)) {
    keys.push(el('li', {}, el('span', { class: 'key fault-key', 'aria-hidden': 'true' }), live ? 'fault, as planned' : 'fault'));
    if (!live) keys.push(el('li', {}, el('span', { class: 'key recovered-key', 'aria-hidden': 'true' }), 'recovered'));
  }
  if (facts.run.gaps.length > 0)
    keys.push(el('li', {}, el('span', { class: 'key gap-key', 'aria-hidden': 'true' }), 'without Gauntlet: the run was resumed'));
  if (part.seconds.merged > 1)
    keys.push(el('li', {}, `Each pair of points is the least and the most of ${count(part.seconds.merged)} samples in a row.`));
  keys.push(el('li', {}, 'All charts share cursor and zoom: drag to zoom, double-click for everything; or arrow keys, +, − and Escape.'));
  return el('ul', { class: 'notes' }, ...keys);
}
