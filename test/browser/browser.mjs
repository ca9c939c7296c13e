// A Chromium that the tests share, and pages in it that watch themselves: every console message
// above "info", every exception and every request is written down.
import { readFile } from 'node:fs/promises';
import { package_path } from '../peers/packages.mjs';

const { chromium } = await import(package_path('playwright-core/index.mjs'));
const axe_source = await readFile(package_path('axe-core/axe.min.js'), 'utf8');

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: false, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);  // a busy machine is no failure
  const seen = { complaints: [], requests: [] };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
  page.on('request', (request) => seen.requests.push(request.url()));
  await page.goto(url);
  return { page, seen, close: () => context.close() };
}

// What axe finds wrong, one line each.
export async function violations(page) {
  await page.evaluate(`window.module = undefined; ${axe_source}`);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary ?? ''}`));
}
