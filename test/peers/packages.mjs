// The npm packages that the tests use lie in test/npm.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export const require = createRequire(new URL('../npm/package.json', import.meta.url));

export const package_path = (path) =>
  fileURLToPath(new URL(`../npm/node_modules/${path}`, import.meta.url));
