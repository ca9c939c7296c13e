// Writes the vectors of this folder: what is recorded, as [value, count] pairs, and what
// hdr-histogram-js makes of it. With --check: writes nothing, and fails where a file would differ.
//   node test/vectors/hdr/make_vectors.mjs [--check]
import assert from "node:assert";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { encode, figures, here, newHistogram } from "./oracle.mjs";

// Mulberry32: small, seeded, and the same everywhere.
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let z = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Sum of twelve uniforms: as good as normal here, and exact on every machine.
function normal(random) {
  let sum = -6;
  for (let i = 0; i < 12; ++i) sum += random();
  return sum;
}

function pairs(seed, count, draw) {
  const random = generator(seed);
  const counts = new Map();
  for (let i = 0; i < count; ++i) {
    const value = Math.max(0, Math.round(draw(random)));
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => a[0] - b[0]);
}

const uniform = (seed) => pairs(seed, 500, (random) => random() * 100_000);
const logNormal = (seed) => pairs(seed, 1000, (random) => 2 ** (10 + 2 * normal(random)));
const bimodal = (seed) =>
  pairs(seed, 1000, (random) => (random() < 0.95 ? 300 : 250_000) * (1 + 0.05 * normal(random)));

const parts_of = {
  uniform: [uniform(1)],
  log_normal: [logNormal(2)],
  bimodal: [bimodal(3)],
  single: [[[12_345, 1]]],
  zeros: [[[0, 7], [1, 1]]],
  empty: [[]],
  edges: [[2047, 2048, 2049, 4095, 4096, 4097, 2 ** 20, 2 ** 31 - 1, 2 ** 31].map((v) => [v, 3])],
  huge_values: [[[1, 1], [3_599_999_999, 2], [3_600_000_000, 5]]],
  huge_counts: [[[10, 2 ** 40], [1_000_000, 2 ** 33 + 1], [2_000_000, 127], [3_000_000, 128]]],
  merged: [logNormal(4), uniform(5)],
};

function vector(name) {
  const histogram = newHistogram();
  for (const [value, count] of parts_of[name].flat()) histogram.recordValueWithCount(value, count);
  return {
    name,
    parts: parts_of[name],
    ...figures(histogram),
    compressed_v2: encode(histogram),
  };
}

const json = (vector) => {
  const lines = Object.entries(vector).map(([k, v]) => `  ${JSON.stringify(k)}: ${JSON.stringify(v)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
};

// Deflate may choose other bytes in another version of zlib: what they inflate to has to agree.
const inflated = ({ compressed_v2, ...rest }) => ({
  ...rest,
  v2: zlib.inflateSync(Buffer.from(compressed_v2, "base64").subarray(8)).toString("hex"),
});

const file_of = (name) => path.join(here, `${name}.json`);

function check(names) {
  for (const name of names) {
    const stored = JSON.parse(fs.readFileSync(file_of(name), "utf8"));
    assert.deepStrictEqual(inflated(stored), inflated(vector(name)), `${name}.json is not fresh`);
  }
  const files = fs.readdirSync(here).filter((file) => file.endsWith(".json"));
  assert.deepStrictEqual(files.sort(), names.map((name) => `${name}.json`).sort());
}

const names = Object.keys(parts_of);
if (process.argv.includes("--check")) check(names);
else for (const name of names) fs.writeFileSync(file_of(name), json(vector(name)));
