// The page: draws a finished run from the document in it, or follows a run that goes on.
import { drop_charts, follow_theme_and_paper, type Chart } from './chart';
import { clients_section } from './clients';
import type { Facts, Page, Part } from './data';
import { el, section } from './dom';
import { environment, figures, head, operations, self_check, slices, verdicts } from './facts';
import { heat_map } from './heat_map';
import { follow } from './live';
import { percentile_curve } from './percentiles';
import { faults_section } from './recovery';
import { capacity_section, levels_section } from './scaling';
import { marks_of, time_charts, time_notes } from './time_charts';

const main = document.querySelector('main')!;

function show_all(charts: (Chart | null)[]): void {
  for (const chart of charts) chart?.show();
}

function details_of(part: Part, facts: Facts, live: boolean, charts: Chart[]): (HTMLElement | null)[] {
  const marks = () => marks_of(facts.faults);
  const over_time = time_charts(part, facts, live, marks);
  const latency = [heat_map(part, facts, live, marks), percentile_curve(part.curve)].filter((c) => c !== null);
  charts.push(...over_time, ...latency);
  return [
    section('time', 'Over time', time_notes(part, facts, live),
      facts.target_memory_mb.reason && !live ? el('p', {}, `No memory: ${facts.target_memory_mb.reason}.`) : null,
      el('div', { class: 'charts' }, ...over_time.map((chart) => chart.root))),
    latency.length > 0 ? section('latency', 'Latency', el('div', { class: 'charts' }, ...latency.map((chart) => chart.root))) : null,
    live ? null : faults_section(facts.faults, part, charts),
    live ? null : clients_section(part, facts, marks(), charts),
    live ? null : self_check(facts),
  ];
}

// Draws one part's details into `below`, in place of what was there.
function show_part(page: Page, part: Part, below: HTMLElement): Chart[] {
  drop_charts(below);
  const charts: Chart[] = [];
  const sections = details_of(part, part.facts ?? page.facts, page.live !== null, charts);
  if (part.facts) sections.unshift(figures(part.facts, false));
  below.replaceChildren(...sections.filter((s) => s !== null));
  show_all(charts);
  return charts;
}

function selector(page: Page, below: HTMLElement): HTMLElement | null {
  if (page.parts.length < 2) return null;
  const buttons = page.parts.map((part, i) => {
    const input = el('input', { type: 'radio', name: 'part', id: `part-${i}` });
    input.checked = i === page.parts.length - 1;
    input.addEventListener('change', () => show_part(page, part, below));
    return el('label', { for: `part-${i}` }, input, part.name);
  });
  return el('fieldset', { class: 'selector' }, el('legend', {}, 'Details of'), ...buttons);
}

function navigation(): HTMLElement {
  const links = [...main.querySelectorAll('section[id]')].map((s) =>
    el('li', {}, el('a', { href: `#${s.id}` }, s.querySelector('h2')!.textContent ?? '')));
  return el('nav', { 'aria-label': 'Sections' }, el('ul', {}, ...links));
}

// Draws the whole page; gives the charts of the last part.
export function show(page: Page): Chart[] {
  drop_charts(main);
  document.title = `${page.live ? '● ' : `${page.facts.verdict}: `}${page.facts.run.suite} · Gauntlet`;
  const below = el('div', { id: 'part' });
  const charts: Chart[] = [];
  const parts = page.live ? [head(page), below, verdicts(page), environment(page.facts)]
    : [head(page), verdicts(page), levels_section(page, charts), capacity_section(page.facts.capacity), operations(page.facts), slices(page.facts),
      selector(page, below), below, environment(page.facts)];
  main.replaceChildren(...parts.filter((p) => p !== null));
  show_all(charts);
  const last = page.parts[page.parts.length - 1];
  const shown = last ? show_part(page, last, below) : [];
  document.querySelector('nav')?.remove();
  main.querySelector('header')!.after(navigation());
  return shown;
}

follow_theme_and_paper();
const text = document.getElementById('data')!.textContent ?? 'null';
const page = JSON.parse(text) as Page | null;
if (page) show(page);
else follow(main, show);
