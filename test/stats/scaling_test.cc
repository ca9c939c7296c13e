#include "stats/scaling.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace gauntlet::stats {
namespace {

constexpr double kLoads[] = {150, 500, 1000, 5000, 10'000, 15'000};

std::vector<ScalingSample> law(double lambda, double sigma, double kappa) {
  std::vector<ScalingSample> samples;
  for (const double n : kLoads)
    samples.push_back({n, lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))});
  return samples;
}

RC_GTEST_PROP(Scaling, FindsTheLawAgain, ()) {
  const double lambda = *rc::gen::inRange(1, 1000);
  const double sigma = *rc::gen::inRange(0, 1000) / 1e6;
  const double kappa = *rc::gen::inRange(0, 1000) / 1e10;
  const auto fit = fit_scaling(law(lambda, sigma, kappa));
  RC_ASSERT(fit.has_value());
  RC_ASSERT(std::abs(fit->lambda.value - lambda) < 1e-6 * lambda);
  RC_ASSERT(std::abs(fit->sigma.value - sigma) < 1e-7);
  RC_ASSERT(std::abs(fit->kappa.value - kappa) < 1e-11);
  RC_ASSERT(fit->error < 1e-6);
}

TEST(Scaling, ALinearClimbHasNeitherContentionNorCoherency) {
  const auto fit = fit_scaling(law(33.3, 0, 0));
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->lambda.value, 33.3, 1e-9);
  EXPECT_NEAR(fit->sigma.value, 0, 1e-12);
  EXPECT_NEAR(fit->kappa.value, 0, 1e-15);
  EXPECT_NEAR(*fit->throughput(15'000), 33.3 * 15'000, 1e-3);
}

TEST(Scaling, NothingIsNegative) {
  auto samples = law(10, 0, 0);
  samples.back().x *= 1.1;  // better than linear
  const auto fit = fit_scaling(samples);
  ASSERT_TRUE(fit);
  EXPECT_GE(fit->sigma.value, 0);
  EXPECT_GE(fit->kappa.value, 0);
  EXPECT_GT(fit->error, 0.01);
}

TEST(Scaling, NoiseWidensTheIntervals) {
  auto samples = law(10, 1e-5, 1e-10);
  const auto exact = fit_scaling(samples);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].x *= i % 2 == 0 ? 1.02 : 0.98;
  const auto noisy = fit_scaling(samples);
  ASSERT_TRUE(exact && noisy);
  EXPECT_LT(exact->lambda.high - exact->lambda.low, 1e-6);
  EXPECT_GT(noisy->lambda.high - noisy->lambda.low, 0.1);
  EXPECT_LE(noisy->lambda.low, 10);
  EXPECT_GE(noisy->lambda.high, 10);
}

TEST(Scaling, TheBandHoldsTheLawAndWidensBeyondWhatWasMeasured) {
  auto samples = law(10, 1e-5, 1e-10);
  EXPECT_NEAR(fit_scaling(samples)->band(5000)->low, samples[3].x, 1e-3) << "exact: no width";
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].x *= i % 2 == 0 ? 1.02 : 0.98;
  const auto fit = fit_scaling(samples);
  ASSERT_TRUE(fit);
  const auto width = [&](double n) {
    const auto band = fit->band(n);
    EXPECT_DOUBLE_EQ(band->value, *fit->throughput(n));
    return (band->high - band->low) / band->value;
  };
  for (const auto& [n, x] : law(10, 1e-5, 1e-10)) {
    EXPECT_LE(fit->band(n)->low, x);
    EXPECT_GE(fit->band(n)->high, x);
  }
  EXPECT_GT(width(22'500), 1.5 * width(10'000));
  EXPECT_NEAR(fit->band(1)->high, fit->lambda.high, 1e-9) << "one alone is lambda";
  EXPECT_FALSE(fit->band(22'501));
}

TEST(Scaling, ThePeakIsWhereThroughputTurns) {
  const auto fit = fit_scaling(law(10, 1e-5, 1e-8));
  ASSERT_TRUE(fit && fit->peak());
  const double peak = *fit->peak();
  EXPECT_NEAR(peak, std::sqrt((1 - 1e-5) / 1e-8), 1);
  EXPECT_GT(*fit->throughput(peak), *fit->throughput(peak * 0.8));
  EXPECT_GT(*fit->throughput(peak), *fit->throughput(peak * 1.2));
  EXPECT_FALSE(fit_scaling(law(10, 1e-5, 0))->peak());
}

TEST(Scaling, DoesNotLookFarBeyondWhatWasMeasured) {
  const auto fit = fit_scaling(law(10, 1e-5, 1e-10));
  ASSERT_TRUE(fit);
  EXPECT_TRUE(fit->throughput(22'500));
  EXPECT_FALSE(fit->throughput(22'501));
}

TEST(Scaling, NeedsFourLoadsAndThroughputAtEach) {
  auto samples = law(10, 0, 0);
  samples.resize(4);
  EXPECT_TRUE(fit_scaling(samples));
  samples[3].n = samples[2].n;
  EXPECT_FALSE(fit_scaling(samples)) << "three different loads";
  samples[3] = {5000, 0};
  EXPECT_FALSE(fit_scaling(samples)) << "no throughput";
}

}  // namespace
}  // namespace gauntlet::stats
