// The percentile curve, as HdrHistogram draws it: the time on a logarithmic scale over how rare it
// is, with what the samples can tell of it (95 % order-statistic intervals).
import { Chart } from './chart';
import type { PercentileCurve } from './data';
import { ms } from './format';

function percentile(x: number): string {
  if (x <= 1) return 'p0';
  const nines = Math.max(0, Math.ceil(Math.log10(x) - 2 - 1e-9));
  return `p${Number((100 * (1 - 1 / x)).toFixed(nines + 1))}`;
}

export function percentile_curve(curve: PercentileCurve | null): Chart | null {
  if (!curve || curve.x.length === 0) return null;
  return new Chart({
    title: 'Percentiles of the measured phase', y_unit: 'ms', y_log: true, height: 260, x_log: true,
    about: 'Shaded: between which times the percentile lies, with 95 % confidence.',
    lines: [
      { label: 'high', ink: 's1', band: true }, { label: 'low', ink: 's1', band: true },
      { label: 'response', ink: 's1', width: 2, format: ms },
      { label: 'service', ink: 's2', dash: true, format: ms },
    ],
    bands: [{ upper: 0, lower: 1, ink: 's1' }],
    data: () => [curve.x, curve.high, curve.low, curve.response, curve.service],
    x_text: percentile,
    x_values: (_u, splits) => splits.map((x) => (Math.abs(Math.log10(x) % 1) < 1e-6 ? percentile(x) : '')),
    x_range: () => [1, Math.max(curve.x[curve.x.length - 1]!, 10)],
  });
}
