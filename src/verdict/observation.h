// Observation: the value of one metric in a record, how sure it is, and what it rests on.
// Private to verdict/.
#pragma once

#include <expected>
#include <string>

#include "run/verdict.h"

namespace gauntlet::verdict {

struct Observation {
  double value = 0;
  // The true value lies between these; a limit that separates them cannot be judged. Equal to
  // `value` where the observed value itself is what counts.
  double low = 0;
  double high = 0;
  std::string text;      // "2.1 ms"
  std::string evidence;  // counts, windows, sources
  std::string doubt;     // why low and high differ: "too_few_samples: …"
};

inline Observation exact(double value, std::string text, std::string evidence) {
  return {.value = value,
          .low = value,
          .high = value,
          .text = std::move(text),
          .evidence = std::move(evidence),
          .doubt = {}};
}

// There is no value, and the verdict that follows from that whatever the limit.
struct Unobserved {
  run::Outcome outcome = run::Outcome::inconclusive;
  std::string text = "none";  // instead of a value
  std::string reason;         // "no_samples: nothing was scheduled"
  std::string evidence;
};

using Observed = std::expected<Observation, Unobserved>;

inline std::unexpected<Unobserved> inconclusive(std::string reason, std::string evidence = {}) {
  return std::unexpected(
      Unobserved{run::Outcome::inconclusive, "none", std::move(reason), std::move(evidence)});
}

}  // namespace gauntlet::verdict
