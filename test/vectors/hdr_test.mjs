// hdr-histogram-js and Gauntlet read each other's histograms: the vectors in hdr/ are what it makes
// today (stats_test reads them), and it reads what stats_test writes.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const hdr = path.join(path.dirname(fileURLToPath(import.meta.url)), "hdr");
const stats_test = path.join(path.dirname(process.env.GAUNTLET), "test", "stats_test");

function passes(script, argument) {
  const { status } = spawnSync(process.execPath, [path.join(hdr, script), argument], {
    stdio: "inherit",
  });
  return status === 0;
}

const fresh = passes("make_vectors.mjs", "--check");
const readable = passes("check_ours.mjs", stats_test);
process.exit(fresh && readable ? 0 : 1);
