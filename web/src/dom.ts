// Elements from strings that may be hostile: text only ever becomes text nodes.

type Child = Node | string | null;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, string> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

// A section with its heading; `id` is also where the navigation points.
export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return el('section', { id, 'aria-labelledby': `${id}-title` },
    el('h2', { id: `${id}-title` }, title), ...children);
}

// A wide table may be scrolled, with the keyboard too.
export function table(label: string, head: string[], rows: Child[][], numeric: number[] = []): HTMLElement {
  const align = (i: number): Record<string, string> => (numeric.includes(i) ? { class: 'number' } : {});
  const cell = (child: Child, i: number) =>
    i === 0 ? el('th', { scope: 'row', ...align(i) }, child) : el('td', align(i), child);
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label },
    el('table', {},
      el('thead', {}, el('tr', {}, ...head.map((text, i) => el('th', { scope: 'col', ...align(i) }, text)))),
      el('tbody', {}, ...rows.map((row) => el('tr', {}, ...row.map(cell))))));
}

const kMarks: Record<string, string> = {
  PASS: '✓', WARN: '!', FAIL: '✕', INCONCLUSIVE: '?', SKIPPED: '–', PENDING: '…',
};

export function badge(verdict: string): HTMLElement {
  return el('span', { class: `badge ${verdict.toLowerCase()}` },
    el('span', { 'aria-hidden': 'true' }, kMarks[verdict] ?? ''), ` ${verdict}`);
}
