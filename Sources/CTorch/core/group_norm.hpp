// Group normalisation for devices that have no kernel of this library.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/guard.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Group normalisation (Wu and He 2018, equations 7 and 8) of a map `[N, C, …]` with two or three axes of space, in float32 or
/// a shorter type; differentiable once. Weight and bias may be undefined. The result has the channels last.
at::Tensor composed_group_norm(
    const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias, double epsilon);

}  // namespace ctorch

#pragma GCC visibility pop
