// Colours of the charts: those of the style sheet, so that light, dark and paper differ in one place.

export type Ink = 's1' | 's2' | 's3' | 's4' | 's5' | 's6' | 's7' | 's8' | 's9' | 's10' | 'muted' | 'line' | 'ink' | 'card';

export function ink(name: Ink): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function faded(name: Ink, opacity: number): string {
  return `color-mix(in srgb, ${ink(name)} ${opacity * 100}%, transparent)`;
}

// Calls back whenever the colours become others.
export function on_theme_change(then: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', then);
}
