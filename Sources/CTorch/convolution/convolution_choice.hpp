// The one place that decides which algorithm a convolution runs by.
#pragma once

#include <ATen/core/Tensor.h>

#include "CTorchConvolutionChoice.h"
#include "convolution/implicit_gemm.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// What a convolution of these operands on this machine is chosen by. The caller says what the tensors don't: bias, whether
/// the weight is kept, whether Winograd's algorithm is allowed, and whether oneDNN is there.
ct_convolution_case convolution_case(
    const at::Tensor &x, const at::Tensor &weight, const ConvolutionGeometry &geometry);

/// Rows of each of the tile unit's tiles, such that equally full tiles make a line of `width` outputs; 0: they don't, or
/// would be half empty.
int64_t rows_of_full_tile(int64_t width);

}  // namespace ctorch

#pragma GCC visibility pop
