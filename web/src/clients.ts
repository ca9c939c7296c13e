// One row a client (or a few), over the run's time: who had no connection, and who never came back.
import type uPlot from 'uplot';
import { Chart } from './chart';
import type { Facts, Part, Strip } from './data';
import { el, section } from './dom';
import { clock, count, ms } from './format';
import { ink } from './theme';
import { draw_marks, kTimeSteps, time_range, type Mark } from './time_charts';

function paint(u: uPlot, strip: Strip): void {
  const per_column = strip.length_s / strip.columns;
  const per_row = strip.clients / strip.rows;
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  for (let i = 0; i + 4 < strip.cells.length; i += 5) {
    const [row, first, last, down, lost] = strip.cells.slice(i, i + 5) as [number, number, number, number, number];
    const x1 = u.valToPos(first * per_column, 'x', true);
    const x2 = u.valToPos((last + 1) * per_column, 'x', true);
    const y1 = u.valToPos((row + 1) * per_row, 'y', true);
    const y2 = u.valToPos(row * per_row, 'y', true);
    u.ctx.fillStyle = ink(lost > 0 ? 's5' : 's2');
    u.ctx.globalAlpha = 0.25 + 0.75 * Math.min(1, down / Math.max(per_row, 1));
    u.ctx.fillRect(x1, y1, Math.max(x2 - x1, 1.5), Math.max(y2 - y1, 1));
  }
  u.ctx.restore();
}

// Clients without a connection in each column.
function down_at(strip: Strip): number[] {
  const down = new Array<number>(strip.columns).fill(0);
  for (let i = 0; i + 4 < strip.cells.length; i += 5)
    for (let c = strip.cells[i + 1]!; c <= strip.cells[i + 2]!; ++c) down[c]! += strip.cells[i + 3]!;
  return down;
}

function words(facts: Facts, strip: Strip | null): string {
  const { connects, drops, sessions_opened, sessions_kept, sessions_lost, longest_outage_ms } = facts.clients;
  if (connects === 0) return 'What became of each client is not on record.';
  const parts = [`${count(connects)} connects, ${count(drops)} connections lost.`];
  if (!strip) parts.push('No client was ever without its connection.');
  else parts.push(`${count(longest_outage_ms.count)} of ${count(strip.clients)} clients were without one, at most for ${ms(longest_outage_ms.max)}.`);
  if (sessions_opened > 0)
    parts.push(`Sessions: ${count(sessions_opened)} opened, ${count(sessions_kept)} kept over a new connection, ${count(sessions_lost)} lost.`);
  return parts.join(' ');
}

export function clients_section(part: Part, facts: Facts, marks: Mark[], charts: Chart[]): HTMLElement {
  const strip = part.strip;
  if (!strip || strip.cells.length === 0) return section('clients', 'Clients', el('p', {}, words(facts, null)));
  const down = down_at(strip);
  const chart = new Chart({
    title: 'Who was hit, and who came back', y_unit: 'client', group: 'time', height: 260, y_max: strip.clients,
    about: 'Each row is a client' + (strip.rows < strip.clients ? ` or ${count(Math.ceil(strip.clients / strip.rows))}` : '') +
      '; coloured: without a working connection, until it had one again.',
    lines: [
      { label: 'without a connection', ink: 's2', points: true, silent: true, format: count },
      { label: 'never back', ink: 's5', points: true, silent: true, format: () => '' },
    ],
    data: () => [down.map((_n, i) => ((i + 0.5) * strip.length_s) / strip.columns), down, down.map(() => null)],
    x_text: clock, x_steps: kTimeSteps, x_range: time_range(part, facts, false),
    paint: (u) => paint(u, strip), mark: (u) => draw_marks(u, facts, marks),
  });
  charts.push(chart);
  return section('clients', 'Clients', el('p', {}, words(facts, strip)), el('div', { class: 'charts wide' }, chart.root));
}
