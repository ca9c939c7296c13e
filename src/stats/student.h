// Student's t distribution: the quantile that the half of an interval is taken from, where a
// standard deviation had to be estimated. 0 < p < 1, freedom > 0. Pure function.
#pragma once

namespace gauntlet::stats {

double student_quantile(double p, double freedom);

}  // namespace gauntlet::stats
