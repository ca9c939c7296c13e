// hdr-histogram-js, from test/npm, with the range that Gauntlet's histograms have.
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.resolve(here, "../../npm/package.json"));
const hdr = require("hdr-histogram-js");

export const percentiles = [0, 50, 90, 95, 99, 99.9, 100];

export function newHistogram() {
  return hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
  });
}

export const decode = (base64) => hdr.decodeFromCompressedBase64(base64, 64);
export const encode = (histogram) => hdr.encodeIntoCompressedBase64(histogram);

// Every figure that both sides report. The library's own minimum leaves zeros out, so the
// percentile 0 stands for it.
export function figures(histogram) {
  const at = {};
  for (const p of percentiles) at[p] = histogram.getValueAtPercentile(p);
  return {
    count: histogram.totalCount,
    min: histogram.getValueAtPercentile(0),
    max: histogram.highestEquivalentValue(histogram.maxValue),
    mean: histogram.mean,
    percentiles: at,
  };
}
