// Normalised sums on a GPU, by kernels of this package: see `device_sum_kernels.inc`.
#pragma once

#include "normalized_sum/normalized_sum_passes.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Whether `device_sum` can take these addends: maps of one shape with the channels last, in float32 or bfloat16, on one device that
/// runs kernels.
bool device_sum_applies(const std::vector<Term> &terms);

/// The sum of the addends, and its ReLU where `rectified`, with a gradient. It keeps each x that a norm or a weight's gradient reads
/// again, and the sum itself where it is rectified.
at::Tensor device_sum(const std::vector<Term> &terms, bool rectified);

}  // namespace ctorch

#pragma GCC visibility pop
