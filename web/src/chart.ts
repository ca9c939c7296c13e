// Charts: uPlot with a legend of buttons, a cursor and a zoom that all charts of one group share,
// and the keyboard: arrows move the cursor, + and - zoom, Escape shows everything again.
import uPlot from 'uplot';
import type { Value } from './data';
import { el } from './dom';
import { short } from './format';
import { faded, ink, on_theme_change, type Ink } from './theme';

export interface Line {
  label: string;
  ink: Ink;
  dash?: boolean;
  width?: number;
  points?: boolean;  // dots without a line
  hidden?: boolean;  // at first
  silent?: boolean;  // for its values in the legend only: no line, and nothing to switch
  band?: boolean;    // an edge of a band: no line, no entry in the legend
  format?: (value: Value) => string;
}

export interface ChartSpec {
  title: string;
  about?: string;  // one sentence below the title
  group?: string;  // charts of one group share cursor and zoom
  lines: Line[];
  bands?: { upper: number; lower: number; ink: Ink }[];  // of lines, by index
  data: () => (Value[] | number[])[];  // x, then one column a line
  x_text: (x: number) => string;
  x_values?: (u: uPlot, splits: number[]) => (string | null)[];
  x_log?: boolean;
  x_steps?: number[];
  x_label?: string;
  y_log?: boolean;
  y_unit: string;
  y_max?: number;
  x_range?: () => [number, number];
  mark?: (u: uPlot) => void;   // puts elements into u.over, after each change of scale
  paint?: (u: uPlot) => void;  // draws below the lines
  height?: number;
}

// Of the ticks of a logarithmic axis those with 1, 2 or 5; over many decades those with 1.
function rounds(_u: uPlot, splits: number[]): (number | null)[] {
  const first = (v: number) => Math.round(v / 10 ** Math.floor(Math.log10(v) + 1e-9));
  const wanted = splits[splits.length - 1]! / splits[0]! > 2000 ? [1] : [1, 2, 5];
  return splits.map((v) => (wanted.includes(first(v)) ? v : null));
}

function decades(_u: uPlot, splits: number[]): (number | null)[] {
  return splits.map((v) => (Math.abs(Math.log10(v) % 1) < 1e-6 ? v : null));
}

const on_paper = () => document.documentElement.classList.contains('paper');

const charts = new Set<Chart>();

export class Chart {
  readonly root: HTMLElement;
  private plot: uPlot | null = null;
  private readonly holder: HTMLElement;
  private readonly outputs: (HTMLElement | null)[] = [];
  private readonly where = el('span', { class: 'where' });
  private zoomed = false;

  constructor(readonly spec: ChartSpec) {
    this.holder = el('div', {
      class: 'plot', tabindex: '0', role: 'group', 'aria-roledescription': 'chart',
      'aria-label': `${spec.title}. Arrow keys read it, plus and minus zoom, Escape shows all.`,
    });
    this.root = el('figure', { class: 'chart' },
      el('figcaption', {}, el('h3', {}, spec.title), this.where, spec.about ? el('p', {}, spec.about) : null),
      this.legend(), this.holder);
    this.holder.addEventListener('keydown', (event) => this.on_key(event));
    this.holder.addEventListener('blur', () => this.point_at(null));
    charts.add(this);
  }

  // Once the root is in the document: only then its width is known.
  show(): void {
    this.plot = new uPlot(this.options(), this.spec.data() as uPlot.AlignedData, this.holder);
    new ResizeObserver(() => { if (!on_paper()) this.fit(); }).observe(this.holder);
  }

  fit(width = this.holder.clientWidth, height = this.spec.height ?? 220): void {
    if (width > 0 && this.plot && (Math.abs(width - this.plot.width) >= 1 || height !== this.plot.height))
      this.plot.setSize({ width, height });
  }

  update(): void {
    this.plot?.setData(this.spec.data() as uPlot.AlignedData, !this.zoomed);
  }

  redraw(): void {
    this.plot?.redraw(false, true);
  }

  drop(): void {
    charts.delete(this);
    this.plot?.destroy();
    this.plot = null;
  }

  private legend(): HTMLElement {
    const items = this.spec.lines.map((line, i) => {
      if (line.band) {
        this.outputs.push(null);
        return null;
      }
      const output = el('span', { class: 'value' });
      this.outputs.push(output);
      const swatch = el('span', { class: `swatch${line.dash ? ' dash' : ''}${line.points ? ' dot' : ''}`, 'aria-hidden': 'true' });
      swatch.style.setProperty('--swatch', `var(--${line.ink})`);
      if (line.silent) return el('li', {}, swatch, line.label, output);
      const button = el('button', { type: 'button', 'aria-pressed': String(!line.hidden) }, swatch, line.label);
      button.addEventListener('click', () => {
        const on = button.getAttribute('aria-pressed') !== 'true';
        button.setAttribute('aria-pressed', String(on));
        this.plot?.setSeries(i + 1, { show: on });
      });
      return el('li', {}, button, output);
    });
    return el('ul', { class: 'legend' }, ...items);
  }

  private series(line: Line): uPlot.Series {
    const stroke = () => (line.band ? 'transparent' : ink(line.ink));
    return {
      label: line.label, stroke, width: line.points ? 0 : line.width ?? 1.5, show: !line.hidden && !line.silent,
      dash: line.dash ? [6, 4] : [], spanGaps: false,
      points: line.points
        ? { show: true, size: 8, width: 2, stroke: () => ink(line.ink), fill: () => ink(line.ink) }
        : { show: false },
    };
  }

  private options(): uPlot.Options {
    const spec = this.spec;
    const grid = { stroke: () => ink('line'), width: 1 };
    const axis = { stroke: () => ink('muted'), grid,
      ticks: { stroke: () => ink('line'), width: 1, size: 4 }, font: '11px system-ui, sans-serif' };
    const range = spec.x_range;
    return {
      width: Math.max(this.holder.clientWidth, 200), height: spec.height ?? 220,
      legend: { show: false }, padding: [8, 20, 0, 0],
      cursor: {
        y: false, drag: { x: true, y: false, uni: 20 }, points: { size: 6 },
        ...(spec.group ? { sync: { key: spec.group, setSeries: false, scales: ['x', null] } } : {}),
      },
      scales: {
        x: { time: false, distr: spec.x_log ? 3 : 1, ...(range ? { range: (_u, min, max) => (this.zoomed ? [min, max] : range()) } : {}) },
        y: spec.y_log ? { distr: 3 }
          : { range: (_u, _min, max) => [0, spec.y_max ?? ((max > 0 ? max : 1) * 1.08)] },
      },
      axes: [
        { ...axis, size: spec.x_label ? 44 : 28, ...(spec.x_label ? { label: spec.x_label, labelSize: 16, labelFont: '11px system-ui, sans-serif' } : {}),
          ...(spec.x_log ? { grid: { ...grid, filter: decades } } : {}), ...(spec.x_steps ? { incrs: spec.x_steps } : {}),
          values: spec.x_values ?? ((_u, splits) => splits.map(spec.x_text)), space: 56 },
        { ...axis, size: 58, ...(spec.y_log ? { grid: { ...grid, filter: rounds }, filter: rounds } : {}), label: spec.y_unit, labelSize: 16, labelFont: '11px system-ui, sans-serif', labelGap: 0,
          values: (_u, splits) => splits.map((v) => (v === null ? '' : short(v))), space: 28 },
      ],
      series: [{}, ...spec.lines.map((line) => this.series(line))],
      bands: (spec.bands ?? []).map((band) => ({
        series: [band.upper + 1, band.lower + 1] as [number, number], fill: () => faded(band.ink, 0.2),
      })),
      hooks: {
        drawAxes: [(u) => spec.paint?.(u)],
        draw: [(u) => spec.mark?.(u)],
        setCursor: [(u) => this.read(u)],
        setScale: [(u, key) => { if (key === 'x') this.note_zoom(u); }],
      },
    };
  }

  private note_zoom(u: uPlot): void {
    const xs = u.data[0];
    const [low, high] = this.spec.x_range?.() ?? [xs[0], xs[xs.length - 1]];
    const { min, max } = u.scales.x!;
    this.zoomed = min != null && max != null && low != null && high != null &&
      (min > low + 1e-9 || max < high - 1e-9);
  }

  // Writes the values below the cursor into the legend.
  private read(u: uPlot): void {
    const i = u.cursor.left != null && u.cursor.left >= 0 ? u.cursor.idx : null;
    this.where.textContent = i == null ? '' : this.spec.x_text(u.data[0][i] as number);
    this.outputs.forEach((output, line) => {
      if (!output) return;
      const value = i == null ? undefined : u.data[line + 1]?.[i];
      output.textContent = value === undefined ? '' : (this.spec.lines[line]!.format ?? ((v) => String(v)))(value as Value);
    });
  }

  private on_key(event: KeyboardEvent): void {
    if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const u = this.plot;
    const far = event.shiftKey ? 10 : 1;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => this.step(u, -far),
      ArrowRight: () => this.step(u, far),
      Home: () => this.point_at(u.scales.x!.min ?? null),
      End: () => this.point_at(u.scales.x!.max ?? null),
      '+': () => this.zoom(u, 0.5),
      '=': () => this.zoom(u, 0.5),
      '-': () => this.zoom(u, 2),
      Escape: () => this.zoom_to(null),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  private step(u: uPlot, by: number): void {
    const xs = u.data[0];
    const at = u.cursor.left != null && u.cursor.left >= 0 ? u.cursor.idx : null;
    const first = by > 0 ? u.valToIdx(u.scales.x!.min!) - 1 : u.valToIdx(u.scales.x!.max!) + 1;
    const next = Math.min(Math.max((at ?? first) + by, 0), xs.length - 1);
    this.point_at(xs[next] ?? null);
  }

  private peers(): Chart[] {
    return this.spec.group ? [...charts].filter((chart) => chart.spec.group === this.spec.group) : [this];
  }

  private point_at(x: number | null): void {
    for (const { plot } of this.peers())
      plot?.setCursor(x === null ? { left: -10, top: -10 } : { left: plot.valToPos(x, 'x'), top: 10 });
  }

  private zoom(u: uPlot, factor: number): void {
    const { min, max } = u.scales.x!;
    if (min == null || max == null) return;
    const x = u.cursor.left != null && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, 'x') : (min + max) / 2;
    this.zoom_to([x - (x - min) * factor, x + (max - x) * factor]);
  }

  private zoom_to(range: [number, number] | null): void {
    for (const peer of this.peers()) peer.set_range(range);
  }

  private set_range(range: [number, number] | null): void {
    const xs = this.plot?.data[0];
    if (!this.plot || !xs || xs.length === 0) return;
    const all = this.spec.x_range?.() ?? [xs[0]!, xs[xs.length - 1]!];
    const [min, max] = range ?? all;
    this.zoomed = range !== null;
    this.plot.setScale('x', { min: Math.max(min, all[0]), max: Math.min(max, all[1]) });
  }
}

export function drop_charts(below: HTMLElement): void {
  for (const chart of [...charts]) if (below.contains(chart.root)) chart.drop();
}

// Charts are pixels: other colours, and paper, need others. Paper is light, and is asked for before
// the browser's own style for it holds.
export function follow_theme_and_paper(): void {
  const root = document.documentElement;
  const redraw = () => charts.forEach((chart) => chart.redraw());
  on_theme_change(redraw);
  const paper_px = { width: 664, height: 172 };
  addEventListener('beforeprint', () => {
    root.classList.add('paper');
    charts.forEach((chart) => chart.fit(paper_px.width, paper_px.height));
    redraw();
  });
  addEventListener('afterprint', () => {
    root.classList.remove('paper');
    charts.forEach((chart) => chart.fit());
    redraw();
  });
}
