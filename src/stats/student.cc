#include "stats/student.h"

#include <boost/math/distributions/students_t.hpp>

namespace gauntlet::stats {

double student_quantile(double p, double freedom) {
  return boost::math::quantile(boost::math::students_t(freedom), p);
}

}  // namespace gauntlet::stats
