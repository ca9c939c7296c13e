// Bundles the page into one HTML file, web/page.html, which is committed and embedded in the binary.
//   node web/build.mjs            writes it
//   node web/build.mjs --check    fails where it is not what the sources give
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const web = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const page = path.join(web, 'page.html');

async function bundle(entry) {
  const { outputFiles } = await build({
    absWorkingDir: web, entryPoints: [entry], bundle: true, minify: true, write: false, format: 'iife',
    target: 'es2022', charset: 'utf8', legalComments: 'none', logLevel: 'warning',
  });
  return outputFiles[0].text.trim();
}

const hash_of = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

async function make_page() {
  const script = await bundle('src/main.ts');
  const style = await bundle('src/style.css');
  // The C++ literal that holds the page, and the element that holds the script, must not end early.
  for (const end of [')embedded"', '</script', '<!--']) if (script.includes(end)) throw new Error(`${end} in the script`);
  const parts = { STYLE_HASH: hash_of(style), SCRIPT_HASH: hash_of(script), STYLE: style, SCRIPT: script };
  const template = await readFile(path.join(web, 'page.html.in'), 'utf8');
  return template.replace(/@([A-Z_]+)@/g, (_all, name) => parts[name]);
}

const made = await make_page();
if (process.argv.includes('--check')) {
  if (made !== (await readFile(page, 'utf8'))) {
    console.error('web/page.html is not what web/src gives; run: deps/node web/build.mjs');
    process.exit(1);
  }
} else {
  await writeFile(page, made);
}
