// The one place that decides by which algorithm a convolution is computed.
#pragma once

#include <ATen/core/Tensor.h>

#include "CTorchConvolutionChoice.h"
#include "convolution/implicit_gemm.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The case of a convolution of these operands on this machine, for `ct_choose_convolution`. The caller fills in what
/// the tensors don't say: the bias, whether the weight is kept, whether Winograd's algorithm is allowed, and whether
/// oneDNN is there.
ct_convolution_case convolution_case(
    const at::Tensor &x, const at::Tensor &weight, const ConvolutionGeometry &geometry);

/// Rows of each tile when a line of `width` outputs is cut into equally full tiles; 0 where it can't be, or the tiles
/// would be half empty.
int64_t rows_of_full_tile(int64_t width);

}  // namespace ctorch

#pragma GCC visibility pop
