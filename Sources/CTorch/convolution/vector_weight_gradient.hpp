// The gradient of a convolution's weight as a product of matrices in vectors: float32 with AVX2 or AVX-512, bfloat16 with
// AVX-512's dot product.
#pragma once

#include <ATen/core/Tensor.h>

#include "convolution/implicit_gemm.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The gradient of a weight `[O, C, …]` from that of the outputs, both maps channels last and of one type, float32 or
/// bfloat16; it is in float32. For operands for which `ct_choose_weight_gradient` chooses `CT_VECTOR_PRODUCT`.
at::Tensor vector_weight_gradient(
    const at::Tensor &x, const at::Tensor &gradient, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry);

}  // namespace ctorch

#pragma GCC visibility pop
