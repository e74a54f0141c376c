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

/// Whether oneDNN's convolution of these clips in bfloat16 must not be called. Where the kernel is longer than the clip along
/// an axis, that of libtorch 2.13 writes beyond its buffers, does not end or gives weights gradients of other memory's bytes;
/// seen on a CPU with AVX-512 BF16 and no tile unit.
bool onednn_fails_in_bfloat16(const at::Tensor &x, const at::Tensor &weight);

/// Rows of each tile when a line of `width` outputs is cut into equally full tiles; 0 where it can't be, or the tiles
/// would be half empty.
int64_t rows_of_full_tile(int64_t width);

}  // namespace ctorch

#pragma GCC visibility pop
