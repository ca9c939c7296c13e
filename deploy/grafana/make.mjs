// Writes the dashboards beside it: one a suite, from one list of panels.
//   deps/node deploy/grafana/make.mjs
import { writeFileSync } from 'node:fs';

const suites = {
  baseline: { port: 9090, extra: ['memory', 'faults'] },
  scale: { port: 9091, extra: ['memory', 'traffic'] },
  chaos: { port: 9092, extra: ['faults', 'memory'] },
  sustained: { port: 9093, extra: ['memory', 'growth'] },
  cascading: { port: 9094, extra: ['faults', 'memory'] },
};

const quantile = (q, name) =>
  `histogram_quantile(${q}, sum by (le) (rate(gauntlet_${name}_seconds_bucket{instance="$instance"}[15s])))`;
const of = (metric, labels = '') =>
  `gauntlet_${metric}{instance="$instance"${labels ? `,${labels}` : ''}}`;

// Title, unit, and queries by their legend.
const panels = {
  rate: ['Messages per second', 'reqps', {
    offered: of('offered_messages_per_second'),
    achieved: of('throughput_messages_per_second'),
  }],
  response: ['Response time (from the intended send time)', 's', {
    p50: quantile(0.5, 'response_time'),
    p95: quantile(0.95, 'response_time'),
    p99: quantile(0.99, 'response_time'),
  }],
  service: ['Service time (from the actual send)', 's', {
    p50: quantile(0.5, 'service_time'),
    p99: quantile(0.99, 'service_time'),
  }],
  errors: ['Errors by class', 'reqps', {
    '{{outcome}}': `rate(${of('messages_total', 'outcome!="completed"')}[15s])`,
  }],
  errorRatio: ['Error rate', 'percentunit', { 'error rate': of('error_ratio') }],
  connections: ['Connections', 'short', {
    '{{state}}': of('connections'),
    outstanding: of('outstanding_messages'),
  }],
  generator: ['The generator itself', 's', {
    'send lag p{{quantile}}': of('send_lag_seconds'),
    'cores busy': `rate(${of('generator_cpu_seconds_total')}[15s])`,
  }],
  memory: ['Memory of the target', 'bytes', { resident: of('target_memory_bytes') }],
  growth: ['Growth of the target, an hour', 'bytes', {
    'of the last 10 min': `deriv(${of('target_memory_bytes')}[10m]) * 3600`,
  }],
  traffic: ['Traffic', 'Bps', {
    sent: `rate(${of('sent_bytes_total')}[15s])`,
    received: `rate(${of('received_bytes_total')}[15s])`,
  }],
  faults: ['Faults', 'bool', { '{{fault}}': of('fault_active') }],
};
const always = ['rate', 'response', 'errors', 'errorRatio', 'connections', 'service', 'generator'];

const datasource = { type: 'prometheus', uid: '${datasource}' };
const target = ([legendFormat, expr], i) =>
  ({ datasource, expr, legendFormat, refId: String.fromCharCode(65 + i) });

function panel(key, i) {
  const [title, unit, queries] = panels[key];
  return {
    id: i + 1,
    title,
    type: 'timeseries',
    datasource,
    gridPos: { h: 8, w: 12, x: (i % 2) * 12, y: Math.floor(i / 2) * 8 },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 5, spanNulls: 3000 } }, overrides: [] },
    options: { tooltip: { mode: 'multi' }, legend: { displayMode: 'list', placement: 'bottom' } },
    targets: Object.entries(queries).map(target),
  };
}

const variables = (port) => [
  { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
  {
    name: 'instance',
    type: 'query',
    label: 'Run',
    datasource,
    query: { query: 'label_values(gauntlet_run_info, instance)', refId: 'instance' },
    current: { text: `127.0.0.1:${port}`, value: `127.0.0.1:${port}` },
    refresh: 2,
  },
];

// A run's faults are shaded on every panel.
const annotations = {
  list: [{
    name: 'faults',
    datasource,
    enable: true,
    expr: `${of('fault_active')} == 1`,
    iconColor: 'red',
    titleFormat: '{{fault}}',
    step: '1s',
  }],
};

const dashboard = (suite, { port, extra }) => ({
  uid: `gauntlet-${suite}`,
  title: `Gauntlet: ${suite}`,
  tags: ['gauntlet', 'mcp'],
  schemaVersion: 39,
  version: 1,
  editable: true,
  refresh: '5s',
  time: { from: 'now-15m', to: 'now' },
  templating: { list: variables(port) },
  annotations,
  panels: [...always, ...extra].map(panel),
});

for (const [suite, about] of Object.entries(suites)) {
  const file = new URL(`${suite}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(dashboard(suite, about), null, 2)}\n`);
}
