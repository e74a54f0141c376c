// Convolutions in bfloat16 whose tiles are read where the pixels lie: an image's pixels, one behind the other with their
// channels side by side, are the rows of a tile for each tap of the kernel.
#pragma once

#include <ATen/core/Tensor.h>

#include "convolution/convolution_rows.hpp"
#include "convolution/tile_unit.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// What rows are convolved with, and where to: act(rows · weight + bias + addend) into `out`.
///
/// - weight: panels that `tiled_weight` made.
/// - out: `[N, …, outputs]`, and so is `addend`.
/// - bias: `[outputs]`; null for none.
struct DirectConvolution {
    const Bfloat16Bits *weight;
    int64_t outputs;
    const float *bias;
    const Bfloat16Bits *addend;
    bool relu;
    Bfloat16Bits *out;
};

/// Convolves rows for which `ct_choose_convolution` chooses `CT_TILES_IN_PLACE`; those of other convolutions are laid
/// out by `tile_gemm`.
void convolve_directly(const Rows<Bfloat16Bits> &rows, const DirectConvolution &convolution);

}  // namespace ctorch

#pragma GCC visibility pop
