// Convolutions of maps with the channels last as products of matrices: a row for each output position, whose inputs are
// gathered block by block into the cache, so that im2col's matrix never exists. Float32 on CPUs with AVX2 or AVX-512; float32
// and bfloat16 on those with AVX-512's dot product of bfloat16, or with a tile unit (AMX).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Where a kernel is laid on its input, one number for each of two or three axes of space.
struct ConvolutionGeometry {
    std::vector<int64_t> stride, padding, dilation;
    int64_t groups;
    /// Extents of the output, where they are fewer or more than the kernel has room for; else empty.
    std::vector<int64_t> extents{};

    /// Whether a weight of these sizes is 1×1(×1), with stride 1 and no padding.
    bool is_pointwise(at::IntArrayRef weight) const;
    bool reads_no_padding() const;
    /// `[N, O, …]`
    std::vector<int64_t> output_sizes(const at::Tensor &x, at::IntArrayRef weight) const;
};

/// Whether products of matrices are computed by the tile unit.
bool uses_tiles();

/// A weight `[O, C, …]` as panels of 32 outputs, each `[taps, C, 32]`; the last one may have 16. Of bfloat16, two neighbours
/// of the summed axis lie side by side, `[taps · C / 2, 32, 2]`.
///
/// - type: of the maps that the weight will meet, float32 or bfloat16. A weight in float32 is rounded for maps of bfloat16.
/// - with_tiles: whether the panels are for the tile unit, which must then be used here, or for vectors.
at::Tensor implicit_gemm_weight(const at::Tensor &weight, at::ScalarType type, bool with_tiles = uses_tiles());
/// The panels of the weight that takes gradients of outputs back to inputs, `[C, O, …]`: the given one transposed, with
/// its taps in reverse. Of bfloat16, the outputs' number must be even.
at::Tensor implicit_gemm_turned_weight(const at::Tensor &weight, at::ScalarType type);

/// act(x ∗ weight + bias + addend), channels last; bias `[O]` and addend may be undefined, the addend is channels last.
///
/// For operands for which `ct_choose_convolution` chooses a vector or tile product.
///
/// - weight_sizes: sizes of the weight that `packed` was made of.
/// - has_tiles_in_place: whether the choice was `CT_TILES_IN_PLACE`.
at::Tensor implicit_gemm(
    const at::Tensor &x, const at::Tensor &packed, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry,
    const at::Tensor &bias, const at::Tensor &addend, bool relu, bool has_tiles_in_place = false);

}  // namespace ctorch

#pragma GCC visibility pop
