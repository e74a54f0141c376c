// Convolutions with a gradient as products of matrices.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "implicit_gemm.hpp"

namespace ctorch {

/// Each map `[N, C, …]` convolved with one weight `[O, C, …]` and bias `[O]` (or undefined), all of which
/// `implicit_gemm_applies` takes; `relu` rectifies, for maps that need no gradient. Differentiable once.
std::vector<at::Tensor> convolve_maps(
    const std::vector<at::Tensor> &maps, const at::Tensor &weight, const at::Tensor &bias,
    const ConvolutionGeometry &geometry, bool relu);

}  // namespace ctorch
