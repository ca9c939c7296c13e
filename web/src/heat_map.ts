// How response times were spread in each stretch of the run: dark is many messages. Counts are on a
// logarithmic scale, since one slow message in ten thousand should be seen.
import type uPlot from 'uplot';
import { Chart } from './chart';
import type { Facts, Heat, HeatColumn, Part } from './data';
import { clock, count, ms } from './format';
import { ink } from './theme';
import { draw_marks, kTimeSteps, time_range, type Mark } from './time_charts';

function most(heat: Heat): number {
  let top = 1;
  for (const { from, to, cells } of heat.columns)
    for (let i = 1; i < cells.length; i += 2) top = Math.max(top, cells[i]! / (to - from));
  return top;
}

function paint(u: uPlot, heat: Heat): void {
  const top = most(heat);
  const { left, top: upper, width, height } = u.bbox;
  const y = heat.edges_ms.map((edge) => Math.round(u.valToPos(edge, 'y', true)));
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, upper, width, height);
  u.ctx.clip();
  u.ctx.fillStyle = ink('s1');
  for (const { from, to, cells } of heat.columns) {
    const x1 = Math.round(u.valToPos(from, 'x', true));  // a column begins where the last one ends: no seams
    const x2 = Math.max(Math.round(u.valToPos(to, 'x', true)), x1 + 1);
    for (let i = 0; i < cells.length; i += 2) {
      const bin = cells[i]!;
      u.ctx.globalAlpha = 0.12 + 0.88 * Math.max(0, Math.log1p(cells[i + 1]! / (to - from)) / Math.log1p(top));
      u.ctx.fillRect(x1, y[bin + 1]!, x2 - x1, y[bin]! - y[bin + 1]!);
    }
  }
  u.ctx.restore();
}

const total = (column: HeatColumn) => column.cells.reduce((sum, n, i) => (i % 2 === 1 ? sum + n : sum), 0);

// The value at a share of a column's messages, as its cell's upper edge.
function quantile(heat: Heat, column: HeatColumn, q: number): number | null {
  let left = q * total(column);
  for (let i = 0; i < column.cells.length; i += 2) {
    left -= column.cells[i + 1]!;
    if (left <= 0) return heat.edges_ms[column.cells[i]! + 1] ?? null;
  }
  return null;
}

function bounds(heat: Heat): [number, number] {
  let [low, high] = [Infinity, 0];
  for (const { cells } of heat.columns) {
    if (cells.length === 0) continue;
    low = Math.min(low, cells[0]!);
    high = Math.max(high, cells[cells.length - 2]!);
  }
  return low === Infinity ? [0.1, 100] : [heat.edges_ms[low]!, heat.edges_ms[high + 1]!];
}

export function heat_map(part: Part, facts: Facts, live: boolean, marks: () => Mark[]): Chart | null {
  const heat = part.heat;
  if (!heat || heat.columns.length === 0) return null;
  return new Chart({
    title: 'Heat map of response times', y_unit: 'ms', y_log: true, group: 'time', height: 260,
    about: 'How many messages took how long; darker is more, on a logarithmic scale.',
    lines: [
      { label: 'least', ink: 's1', band: true }, { label: 'most', ink: 's1', band: true },
      { label: 'messages', ink: 's1', points: true, silent: true, format: count },
      { label: 'half of them below', ink: 's7', points: true, silent: true, format: ms },
    ],
    data: () => {
      const [low, high] = bounds(heat);
      return [heat.columns.map((c) => (c.from + c.to) / 2), heat.columns.map(() => low), heat.columns.map(() => high),
        heat.columns.map(total), heat.columns.map((c) => quantile(heat, c, 0.5))];
    },
    x_text: clock, x_steps: kTimeSteps, x_range: time_range(part, facts, live),
    paint: (u) => paint(u, heat),
    mark: (u) => draw_marks(u, facts, marks()),
  });
}
