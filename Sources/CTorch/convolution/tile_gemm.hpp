// `implicit_gemm` on CPUs with a tile unit that multiplies bfloat16 (AMX): in bfloat16, in float32 with all its digits, and
// gradients in float32 with 17 bits of each factor, some 3e-6 of the result's deviation.
#pragma once

#include <ATen/core/Tensor.h>

#include "convolution/implicit_gemm.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Whether a weight was laid out for the tile unit.
bool is_tiled(const at::Tensor &packed);

/// A weight `[O, C, …]`, or turned `[C, O, …]` for gradients, as panels `[panels, steps, pieces, 2, 16, 32]` of 32 outputs.
at::Tensor tiled_weight(const at::Tensor &weight);
at::Tensor tiled_turned_weight(const at::Tensor &weight);

/// What `implicit_gemm` gives, with a weight that was laid out for the tile unit.
at::Tensor tile_gemm(
    const at::Tensor &x, const at::Tensor &packed, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry,
    const at::Tensor &bias, const at::Tensor &addend, bool relu, bool has_tiles_in_place);

/// The gradient of a weight `[O, C, …]` from that of the outputs, both channels last, float32.
at::Tensor tile_weight_gradient(
    const at::Tensor &x, const at::Tensor &gradient, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry);

}  // namespace ctorch

#pragma GCC visibility pop
