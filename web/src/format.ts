// Numbers as people read them.
import type { Value } from './data';

const kNone = '–';

export function count(value: Value): string {
  return value === null ? kNone : Math.round(value).toLocaleString('en-US');
}

export function significant(value: Value): string {
  if (value === null) return kNone;
  if (value === 0) return '0';
  if (Math.abs(value) >= 1000) return count(value);
  return String(Number(value.toPrecision(3)));
}

export const rate = (value: Value) => (value === null ? kNone : `${significant(value)}/s`);
export const megabytes = (value: Value) => (value === null ? kNone : `${significant(value)} MB`);
export const cores = (value: Value) => (value === null ? kNone : `${significant(value)} cores`);

export function ms(value: Value): string {
  if (value === null) return kNone;
  if (value >= 1000) return `${significant(value / 1000)} s`;
  return `${significant(value)} ms`;
}

export function seconds(value: Value): string {
  if (value === null) return kNone;
  return value < 1 && value > 0 ? ms(value * 1000) : value < 120 ? `${significant(value)} s` : clock(value);
}

export function share(value: Value): string {
  return value === null ? kNone : `${significant(value * 100)} %`;
}

// 1:05, 2:03:05
export function clock(t: number): string {
  const whole = Math.max(0, Math.floor(t + 1e-9));
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// Ticks of axes: 1.5k, 20M
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  return size >= 1000 ? count(value) : String(Number(value.toPrecision(4)));
}
