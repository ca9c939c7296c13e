#include "stats/scaling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "stats/student.h"

namespace gauntlet::stats {
namespace {

constexpr std::size_t kParameters = 3;
constexpr std::size_t kSamplesMin = kParameters + 1;

using Vector = std::array<double, kParameters>;
using Matrix = std::array<Vector, kParameters>;

// N / X = (1 + sigma (N - 1) + kappa N (N - 1)) / lambda, divided by N / X: residuals are relative.
// Loads are in units of the largest, so that the columns are of a size.
struct Row {
  Vector terms{};  // of 1, N - 1, N (N - 1)
};

std::vector<Row> rows_of(std::span<const ScalingSample> samples, double n_max) {
  std::vector<Row> rows;
  for (const auto& [n, x] : samples) {
    const double weight = x / n;
    rows.push_back({{weight, weight * (n - 1) / n_max, weight * (n / n_max) * ((n - 1) / n_max)}});
  }
  return rows;
}

// Gauss-Jordan with the largest pivot; false where the matrix is singular.
bool invert(Matrix matrix, Matrix& inverse) {
  inverse = {};
  for (std::size_t i = 0; i < kParameters; ++i) inverse[i][i] = 1;
  for (std::size_t column = 0; column < kParameters; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column; row < kParameters; ++row)
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    if (std::abs(matrix[pivot][column]) < 1e-14) return false;
    std::swap(matrix[pivot], matrix[column]);
    std::swap(inverse[pivot], inverse[column]);
    const double scale = matrix[column][column];
    for (std::size_t k = 0; k < kParameters; ++k) {
      matrix[column][k] /= scale;
      inverse[column][k] /= scale;
    }
    for (std::size_t row = 0; row < kParameters; ++row) {
      if (row == column) continue;
      const double factor = matrix[row][column];
      for (std::size_t k = 0; k < kParameters; ++k) {
        matrix[row][k] -= factor * matrix[column][k];
        inverse[row][k] -= factor * inverse[column][k];
      }
    }
  }
  return true;
}

struct Solution {
  Vector value{};       // 1 / lambda, sigma / lambda, kappa / lambda; scaled as the rows are
  Matrix covariance{};  // without the variance of the residuals
  double squares = 0;   // of the residuals
  std::size_t free = 0;
};

std::optional<Solution> solve(const std::vector<Row>& rows, const std::array<bool, 3>& is_free) {
  Matrix normal{};
  Vector right{};
  for (std::size_t i = 0; i < kParameters; ++i) {
    if (!is_free[i]) {
      normal[i][i] = 1;
      continue;
    }
    for (const Row& row : rows) {
      right[i] += row.terms[i];
      for (std::size_t k = 0; k < kParameters; ++k)
        if (is_free[k]) normal[i][k] += row.terms[i] * row.terms[k];
    }
  }
  Solution solution;
  if (!invert(normal, solution.covariance)) return std::nullopt;
  for (std::size_t i = 0; i < kParameters; ++i) {
    if (is_free[i]) ++solution.free;
    for (std::size_t k = 0; k < kParameters; ++k)
      solution.value[i] += solution.covariance[i][k] * right[k];
  }
  for (const Row& row : rows) {
    double residual = -1;
    for (std::size_t i = 0; i < kParameters; ++i) residual += row.terms[i] * solution.value[i];
    solution.squares += residual * residual;
  }
  const bool lawful = solution.value[0] > 0 && solution.value[1] >= 0 && solution.value[2] >= 0;
  return lawful ? std::optional(solution) : std::nullopt;
}

// The best of the fits whose parameters are lawful: with both, with one, or with neither.
std::optional<std::pair<Solution, std::array<bool, 3>>> best_of(const std::vector<Row>& rows) {
  std::optional<std::pair<Solution, std::array<bool, 3>>> best;
  for (const bool sigma : {false, true}) {
    for (const bool kappa : {false, true}) {
      const std::array<bool, 3> is_free = {true, sigma, kappa};
      const auto solution = solve(rows, is_free);
      if (solution && (!best || solution->squares < best->first.squares))
        best = {*solution, is_free};
    }
  }
  return best;
}

Estimate around(double value, double margin) { return {value, value - margin, value + margin}; }

}  // namespace

std::optional<double> ScalingFit::peak() const {
  if (kappa.value <= 0) return std::nullopt;
  return std::sqrt(std::max(0.0, 1 - sigma.value) / kappa.value);
}

std::optional<double> ScalingFit::throughput(double n) const {
  if (n > kExtrapolationMax * n_max) return std::nullopt;
  return lambda.value * n / (1 + sigma.value * (n - 1) + kappa.value * n * (n - 1));
}

std::optional<Estimate> ScalingFit::band(double n) const {
  const auto x = throughput(n);
  if (!x) return std::nullopt;
  const Vector terms = {1, (n - 1) / n_max, n * (n - 1) / (n_max * n_max)};
  double square = 0;
  for (std::size_t i = 0; i < kParameters; ++i)
    for (std::size_t k = 0; k < kParameters; ++k) square += terms[i] * spread[i][k] * terms[k];
  const double margin = std::sqrt(std::max(0.0, square));
  const double inverse = n / *x;
  const double high =
      inverse > margin ? n / (inverse - margin) : std::numeric_limits<double>::infinity();
  return Estimate{*x, n / (inverse + margin), high};
}

std::optional<ScalingFit> fit_scaling(std::span<const ScalingSample> samples, double confidence) {
  std::set<double> loads;
  ScalingFit fit;
  for (const auto& [n, x] : samples) {
    if (!(n > 0) || !(x > 0) || !std::isfinite(n) || !std::isfinite(x)) return std::nullopt;
    loads.insert(n);
    fit.n_max = std::max(fit.n_max, n);
  }
  if (loads.size() < kSamplesMin) return std::nullopt;
  const auto best = best_of(rows_of(samples, fit.n_max));
  if (!best) return std::nullopt;
  const auto& [solution, is_free] = *best;
  const auto degrees = static_cast<double>(samples.size() - solution.free);
  const double variance = solution.squares / degrees;
  const double t = student_quantile((1 + confidence) / 2, degrees);
  const auto margin = [&](std::size_t i) {
    return is_free[i] ? t * std::sqrt(variance * solution.covariance[i][i]) : 0.0;
  };
  const double inverse = solution.value[0];
  fit.lambda = {1 / inverse, 1 / (inverse + margin(0)),
                1 / std::max(inverse - margin(0), inverse * 1e-6)};
  // Margins of quotients by the leading term alone: 1 / lambda is known far better than they are.
  const double sigma_scale = 1 / (inverse * fit.n_max);
  const double kappa_scale = sigma_scale / fit.n_max;
  fit.sigma = around(solution.value[1] * sigma_scale, margin(1) * sigma_scale);
  fit.kappa = around(solution.value[2] * kappa_scale, margin(2) * kappa_scale);
  for (std::size_t i = 0; i < kParameters; ++i)
    for (std::size_t k = 0; k < kParameters; ++k)
      if (is_free[i] && is_free[k]) fit.spread[i][k] = t * t * variance * solution.covariance[i][k];
  fit.error = std::sqrt(solution.squares / static_cast<double>(samples.size()));
  return fit;
}

}  // namespace gauntlet::stats
