// Scaling: Gunther's Universal Scalability Law through the throughput at several loads,
//
//   X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1))
//
// sigma is contention (what is done one at a time), kappa coherency (what each costs all others).
// Fitted as N / X, which is linear in the three, by least squares of relative residuals; sigma and
// kappa are not negative: one that would be is 0, and the rest is fitted again. Intervals are those
// of the linear fit (Student's t), and so rest on residuals that are alike and independent. Source:
// Gunther, "Guerrilla Capacity Planning" (2007), ch. 5. Pure; safe on any thread.
#pragma once

#include <array>
#include <optional>
#include <span>

namespace gauntlet::stats {

inline constexpr double kExtrapolationMax = 1.5;  // times the largest load that was measured

struct ScalingSample {
  double n = 0;  // load: connections, users, cores
  double x = 0;  // throughput at it
};

struct Estimate {
  double value = 0;
  double low = 0;  // confidence bounds; equal to value where it was held at 0
  double high = 0;
};

struct ScalingFit {
  Estimate lambda;  // throughput of one, alone
  Estimate sigma;
  Estimate kappa;
  double error = 0;  // root mean square of the relative residuals
  double n_max = 0;  // the largest load measured
  // Half widths squared: confidence bounds of N / X at a load are sqrt(v' spread v) away from it,
  // with v = (1, (N - 1) / n_max, N (N - 1) / n_max^2).
  std::array<std::array<double, 3>, 3> spread{};

  // Where throughput is at its peak; nothing where the law has none (kappa is 0).
  std::optional<double> peak() const;
  // Nothing beyond kExtrapolationMax times what was measured: the law is no crystal ball.
  std::optional<double> throughput(double n) const;
  // The same with the fit's confidence bounds at that load; high is infinite where there is none.
  std::optional<Estimate> band(double n) const;
};

// Nothing for fewer than four samples of different positive loads with a positive throughput each:
// three parameters go through any three. confidence in (0, 1).
std::optional<ScalingFit> fit_scaling(std::span<const ScalingSample> samples,
                                      double confidence = 0.95);

}  // namespace gauntlet::stats
