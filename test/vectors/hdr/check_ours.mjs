// Has hdr-histogram-js read what Gauntlet encodes, and compares its figures with ours.
//   node test/vectors/hdr/check_ours.mjs build/dev/test/stats_test
import assert from "node:assert";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { decode, figures, here } from "./oracle.mjs";

function encodings(program) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hdr-"));
  const file = path.join(folder, "ours.jsonl");
  try {
    const args = ["--gtest_filter=HdrVectors.*"];
    const env = { ...process.env, HDR_OUT: file };
    const { status, error } = spawnSync(program, args, { env, stdio: ["ignore", "ignore", "inherit"] });
    assert.ok(!error, `${program}: ${error}`);
    assert.strictEqual(status, 0, `${program} failed`);
    return fs.readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const program = process.argv[2];
assert.ok(program, "usage: check_ours.mjs STATS_TEST");
const ours = encodings(program);
for (const { name, encoded, mean, ...exact } of ours) {
  const { mean: their_mean, ...theirs } = figures(decode(encoded));
  assert.deepStrictEqual(exact, theirs, name);
  assert.ok(Math.abs(mean - their_mean) <= 1e-12 * their_mean, `${name}: mean ${mean}, ${their_mean}`);
}
const vectors = fs.readdirSync(here).filter((file) => file.endsWith(".json"));
assert.strictEqual(ours.length, vectors.length, "not every vector was checked");
console.log(`hdr-histogram-js reads all ${ours.length} of our encodings`);
