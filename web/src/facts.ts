// The parts of the page that are words and numbers: the head, the verdicts, the self-check, and
// where and how the run was made.
import type { Facts, Page, Seen, Slice, Test } from './data';
import { badge, el, section, table } from './dom';
import { clock, cores, count, megabytes, ms, rate, seconds, share, significant } from './format';

function figure(label: string, value: string, more = ''): HTMLElement {
  return el('div', {}, el('dt', {}, label), el('dd', /\d/.test(value) ? {} : { class: 'words' }, value, more ? el('small', {}, more) : null));
}

const error_count = (facts: Facts) => Object.values(facts.errors).reduce((a, b) => a + b, 0);

export function figures(facts: Facts, live: boolean): HTMLElement {
  const { load, response_time_ms: time, self_check } = facts;
  const errors = error_count(facts);
  const rate_of_errors = load.scheduled > 0 ? errors / load.scheduled : null;
  return el('dl', { class: 'figures' },
    figure('achieved', rate(load.achieved_per_s), load.model === 'closed' ? 'closed loop' : `of ${rate(load.offered_per_s)} offered`),
    figure('response p50', ms(time.p50)),
    figure('response p95', ms(time.p95)),
    figure('response p99', ms(time.p99), `max ${ms(time.max)}`),
    figure('errors', share(rate_of_errors), `${count(errors)} of ${count(load.scheduled)}`),
    figure('connections', count(load.connections), load.burst > 1 ? `bursts of ${load.burst}` : 'single calls'),
    live ? figure('since the load began', `${count(load.completed)}`, 'messages verified')
      : figure('self-check', self_check.trusted ? 'trusted' : 'NOT trusted',
        facts.floor ? `${share(facts.floor.share)} of the floor` : ''));
}

function target_words(facts: Facts): string {
  const { target } = facts;
  const info = target.server_info;
  const name = info.name ? `${info.name} ${info.version}, ` : '';
  return `${name}${target.url}${target.protocol ? `, MCP ${target.protocol}` : ''} over ${target.transport}`;
}

function over({ report, more }: NonNullable<Page['over']>): HTMLElement {
  return el('p', { class: 'over', role: 'status' }, `The run is over${more ? ', and the next follows' : ''}. `,
    ...(report ? ['Its report: ', el('code', {}, report)] : ['Its report could not be written.']));
}

export function head(page: Page): HTMLElement {
  const { facts } = page;
  const verdict = page.live ? el('span', { class: 'badge live', id: 'state' }, '● LIVE') : badge(facts.verdict);
  const when = `${facts.run.started_at.replace('T', ' ').replace('Z', ' UTC')}, ${page.live ? 'under way' : `took ${seconds(facts.run.duration_s)}`}`;
  return el('header', {},
    el('p', { class: 'brand' }, 'Gauntlet'),
    el('h1', {}, facts.run.suite, el('span', { class: 'mode' }, ` ${facts.run.mode}`)),
    verdict,
    page.live?.level ? el('p', { class: 'level' }, page.live.level) : null,
    page.over ? over(page.over) : null,
    el('p', { class: 'target' }, target_words(facts)),
    el('p', { class: 'when' }, `${when} · run ${facts.run.id}${facts.run.interrupted ? ' · interrupted' : ''}`),
    facts.run.died ? el('p', { class: 'bad' }, 'Gauntlet itself ended before the run did: this is what its store held.') : null,
    ...facts.run.gaps.map((gap) => el('p', { class: 'gap-line' },
      `${seconds(gap.end_s - gap.start_s)} without Gauntlet from ${clock(gap.start_s)} on: it ${gap.how === 'died' ? 'died' : 'was interrupted'}, and the run was resumed. ${count(gap.undecided)} messages undecided.`)),
    facts.target.exited ? el('p', { class: 'bad' }, `The target ended during the run: ${facts.target.exit ?? 'how is not known'}`) : null,
    page.parts.length > 1 ? null : el('div', { id: 'figures' }, figures(facts, page.live !== null)));
}

// Each limit gives its own evidence, and several often rest on the same.
const evidence = (test: Test) => [...new Set(test.evidence.split('; '))].join('; ');

function test_rows(test: Test): HTMLElement {
  const checks = test.checks.map((check) => el('tr', {},
    el('th', { scope: 'row' }, check.metric),
    el('td', { class: 'number' }, check.observed, el('small', { class: 'limit narrow' }, check.limit)),
    el('td', { class: 'limit wide' }, check.limit),
    el('td', {}, badge(check.verdict), check.reason ? el('p', { class: 'reason' }, check.reason) : null)));
  return el('tbody', {},
    el('tr', { class: 'test' },
      el('th', { scope: 'rowgroup', colspan: '2' }, test.name, test.evidence ? el('small', {}, evidence(test)) : null),
      el('td', { class: 'wide' }),
      el('td', {}, badge(test.verdict))),
    ...(test.checks.length > 0 ? checks : [el('tr', {}, el('td', { colspan: '4', class: 'reason' }, test.reason ?? ''))]));
}

export function verdicts(page: Page): HTMLElement {
  const { tests } = page.facts;
  const head_row = ['metric', 'observed', 'limit', 'verdict'].map((text, i) =>
    el('th', { scope: 'col', class: ['', 'number', 'wide', ''][i]! }, text));
  const body = tests.length === 0 ? el('p', {}, 'This run has no tests.')
    : el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of verdicts' },
      el('table', { class: 'verdicts' }, el('thead', {}, el('tr', {}, ...head_row)), ...tests.map(test_rows)));
  return section('verdicts', 'Verdicts', page.live ? el('p', {}, 'Judged when the run is over.') : null, body);
}

function slice_row(slice: Slice): string[] {
  const errors = Object.values(slice.errors).reduce((a, b) => a + b, 0);
  const time = slice.response_time_ms;
  return [`${clock(slice.start_s)} to ${clock(slice.end_s)}`, rate(slice.completed / (slice.end_s - slice.start_s - slice.gap_s)),
    ms(time.p50), ms(time.p95), ms(time.p99), share(slice.scheduled > 0 ? errors / slice.scheduled : null), ms(slice.pause_max_ms),
    megabytes(slice.target_memory_mb), count(slice.target_descriptors), count(slice.target_threads)];
}

// Of a mix: what each of its entries came to.
export function operations(facts: Facts): HTMLElement | null {
  return facts.operations.length === 0 ? null : section('operations', 'By operation', table('Table of operations',
    ['operation', 'completed', 'errors', 'p50', 'p95', 'p99'],
    facts.operations.map(({ name, completed, errors, response_time_ms: time }) =>
      [name, count(completed), count(errors), ms(time.p50), ms(time.p95), ms(time.p99)]), [1, 2, 3, 4, 5]));
}

// Of a soak: what each hour came to.
export function slices(facts: Facts): HTMLElement | null {
  return facts.slices.length === 0 ? null : section('hours', 'Hour by hour', table('Table of hours',
    ['from, to', 'achieved', 'p50', 'p95', 'p99', 'errors', 'longest pause', 'memory', 'descriptors', 'threads'],
    facts.slices.map(slice_row), [1, 2, 3, 4, 5, 6, 7, 8, 9]));
}

function pairs(rows: [string, string | Node][]): HTMLElement {
  return el('dl', { class: 'pairs' }, ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

const seen = (s: Seen) => `${ms(s.value)} (${significant(s.low)} to ${s.high === null ? 'unknown' : significant(s.high)})`;

export function self_check(facts: Facts): HTMLElement {
  const check = facts.self_check;
  const probe = Object.entries(check.probe.service_time_ms).map(([quantile, both]) => [quantile, seen(both.load), seen(both.probe),
    ms(both.allowed_apart), both.agrees === null ? 'too few to tell' : both.agrees ? 'agrees' : el('strong', { class: 'bad' }, 'DISAGREES')]);
  const floor = facts.floor;
  return section('self-check', 'Self-check and floor',
    el('p', { class: check.trusted ? 'finding' : 'bad' }, check.trusted
      ? `The generator was punctual and had room to spare${check.machine_busy ? '.' : ': what is measured here is the target.'}`
      : `The generator cannot be trusted in this run: ${check.reasons.join('; ')}`),
    check.machine_busy ? el('p', { class: 'bad' }, `The machine was busy: ${check.machine_busy}`) : null,
    pairs([
      ['send lag', `p50 ${ms(check.send_lag_ms.p50)}, p99 ${ms(check.send_lag_ms.p99)}, max ${ms(check.send_lag_ms.max)}`],
      ['offered, dispatched', `${rate(check.offered_per_s)}, ${rate(check.dispatched_per_s)}`],
      ['busiest load thread', `${cores(check.cpu_busiest_thread)}, waited for one ${share(check.run_queue_delay_share)} of the time`],
      ['stolen by the hypervisor', share(check.steal_share)],
      ['target waited for a core', share(check.target_wait_share)],
      ['other programs', `${share(check.others_cpu_share)} of the cores`],
      ['floor', floor ? `${rate(floor.messages_per_s)} echoed here in the same pattern (${count(floor.message_bytes)} bytes, bursts take ${ms(floor.burst_ms.p50)} at the median); achieved ${share(floor.share)} of it` : 'not measured'],
    ]),
    probe.length > 0 ? table('Service time as the load and as the probe client saw it', ['quantile', 'load', 'probe client', 'may differ by', 'verdict'], probe, [1, 2, 3]) : null,
    check.probe.unjudged ? el('p', {}, `The probe client tells nothing: ${check.probe.unjudged}`) : null,
    check.threads.length > 0 ? table('Threads', ['thread', 'CPU', 'waited for a core'],
      check.threads.map((t) => [t.name, cores(t.cpu), share(t.run_queue_delay_share)]), [1, 2]) : null);
}

export function environment(facts: Facts): HTMLElement {
  const { host, lab, target, load, run } = facts;
  return section('environment', 'Environment, and how to repeat this',
    el('pre', { tabindex: '0', 'aria-label': 'The line that repeats this run' }, run.repro),
    pairs([
      ['seed', run.seed],
      ['target', target_words(facts)],
      ['its process', target.pid === null ? 'not visible from here' : `${target.own_server ? 'our own server, ' : ''}pid ${target.pid}`],
      ['answers', target.answers ?? 'as its transport has them'],
      ['load', `${load.model}, ${count(load.connections)} connections, bursts of ${load.burst}, pipeline ${load.pipeline}, ${significant(load.messages_per_write)} messages per write`],
      ['verified', load.nonce_verified ? 'every answer, by its call\'s own nonce' : 'every answer, by id and shape'],
      ['machine', `${host.cpu_model}, ${host.cores} cores, ${significant(host.memory_bytes / 2 ** 30)} GiB, ${host.kernel}`],
      ['event loop', host.loop_backend],
      ['lab', lab.used ? `network namespaces of its own, TCP ${lab.tcp ?? 'as it is'}` : lab.reason ?? 'not needed'],
      ['Gauntlet', facts.tool.version],
    ]));
}

