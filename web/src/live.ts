// Follows a run that goes on: "history" is the whole document so far, "second" one more row of it. Each
// level of a climb begins with a history, and the last one is the report's document.
// Rows are few enough to be kept until there are kRowsMax: then the document is asked for anew, in
// which the server has merged older ones.
import type { Chart } from './chart';
import type { HeatColumn, LiveSecond, Page, Table, Value } from './data';
import { el } from './dom';
import { figures } from './facts';
import { clock } from './format';

const kRowsMax = 5000;

function append(table: Table, t: number, row: Record<string, Value> | null): void {
  if (!row) return;
  const before = table.t.length;
  const missing = (name: string) => (name.startsWith('error_') ? 0 : null);  // only those that occurred are told
  table.t.push(t);
  for (const name of Object.keys(row))
    table.columns[name] ??= new Array<Value>(before).fill(missing(name));
  for (const [name, column] of Object.entries(table.columns)) column.push(row[name] ?? missing(name));
}

// The last column grows until it is as wide as the others.
function grow(columns: HeatColumn[], next: HeatColumn): void {
  if (columns.at(-1)?.from === next.from) columns.pop();
  columns.push(next);
}

export function follow(main: HTMLElement, show: (page: Page) => Chart[]): void {
  let page: Page | null = null;
  let charts: Chart[] = [];
  let source: EventSource;

  const state = (text: string, lost: boolean) => {
    const badge = document.getElementById('state');
    if (!badge) return;
    badge.textContent = text;
    badge.classList.toggle('lost', lost);
  };
  const on_history = (event: MessageEvent<string>) => {
    const top = scrollY;
    page = JSON.parse(event.data) as Page;
    charts = show(page);
    scrollTo(0, top);
    if (page.over && !page.over.more) source.close();
  };
  const on_second = (event: MessageEvent<string>) => {
    const part = page?.parts[0];
    if (!page?.live || !part) return;
    const second = JSON.parse(event.data) as LiveSecond;
    const errors_before = Object.keys(part.seconds.columns).length;
    append(part.seconds, second.t, second.seconds);
    append(part.memory, second.t, second.memory);
    append(part.cores, second.t, second.cores);
    if (second.heat && part.heat) grow(part.heat.columns, second.heat);
    Object.assign(page.facts, second.facts);
    document.getElementById('figures')?.replaceChildren(figures(page.facts, true));
    state(`● LIVE ${clock(second.t)}`, false);
    if (Object.keys(part.seconds.columns).length !== errors_before) charts = show(page);
    else for (const chart of charts) chart.update();
    if (part.seconds.t.length > kRowsMax) connect();
  };
  const connect = () => {
    source?.close();
    source = new EventSource('/events');
    source.addEventListener('history', on_history);
    source.addEventListener('second', on_second);
    source.addEventListener('error', () => state('○ no connection: the run is over, or will be back', true));
  };
  main.replaceChildren(el('p', { class: 'waiting', role: 'status' }, 'Waiting for the run…'));
  connect();
}
