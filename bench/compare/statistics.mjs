// The median of a few rounds, and how far it can be trusted.
// Method: distribution-free interval of a median from order statistics (e.g. Conover, Practical
// Nonparametric Statistics, 3rd ed., section 3.2): the k-th smallest and the k-th largest of n values
// hold the median with a probability of 1 - 2 P(Binomial(n, 1/2) < k). Of all k that reach 95 % the
// largest is taken. Fewer than 6 values reach it with none: then it is the smallest and the largest.
const kConfidence = 0.95;

const sorted = (values) => values.toSorted((a, b) => a - b);

export function median(values) {
  const all = sorted(values), middle = all.length >> 1;
  return all.length % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
}

// P(Binomial(n, 1/2) < k)
function below(n, k) {
  let sum = 0, term = 2 ** -n;
  for (let i = 0; i < k; ++i) {
    sum += term;
    term *= (n - i) / (i + 1);
  }
  return sum;
}

export function interval(values) {
  const all = sorted(values), n = all.length;
  let k = 0;
  while (k < Math.floor(n / 2) && 1 - 2 * below(n, k + 1) >= kConfidence) ++k;
  if (k === 0) return { low: all[0], high: all[n - 1], method: 'min-max', confidence: null };
  const confidence = 1 - 2 * below(n, k);
  return { low: all[k - 1], high: all[n - k], method: 'order statistics', confidence };
}
