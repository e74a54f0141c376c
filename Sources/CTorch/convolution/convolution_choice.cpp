#include "convolution/convolution_choice.hpp"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <algorithm>

#include "convolution/implicit_gemm_kernels.hpp"
#include "convolution/tile_unit.hpp"
#include "core/guard.hpp"
#include "core/instructions.hpp"
#include "core/simd.hpp"

// | algorithm       | taken, the first row that fits                                                                |
// | --------------- | --------------------------------------------------------------------------------------------- |
// | Winograd        | AVX2, float32, plain 3×3, allowed, channels and pixels enough to pay for the transforms       |
// | tiles in place  | the tile unit takes it, bfloat16, and the pixels already lie as tiles                         |
// | tile product    | the tile unit takes it, and in float32 a kept weight meets rows enough                        |
// | vector product  | float32, AVX2 or AVX-512; bfloat16, AVX-512's dot product of it and no tile unit              |
// | oneDNN          | a kept weight, float32 or bfloat16                                                            |
// | libtorch        | everything else: other devices and types, groups, outputs that fill no vector                 |

namespace ctorch {
namespace {

/// Fewest channels for Winograd's algorithm: transforming a map costs as much as multiplying by some 64 channels,
/// however many there are.
constexpr int64_t least_winograd_channels = 64;
/// Fewest pixels for it where the weight is transformed in every call: that takes as long as so many pixels of the map.
constexpr int64_t least_winograd_pixels = 2048;
/// Fewest pixels for it where the transformed weight is kept: fewer leave the 36 products of matrices with too few
/// rows.
constexpr int64_t least_winograd_pixels_of_kept_weight = 300;
/// Fewest rows for which a kept weight in float32 goes to the tile unit. With fewer, reading the weight is what takes
/// time, and three pieces of bfloat16 are half as much again to read as one float32. A weight that is laid out in every
/// call is read for that anyway.
constexpr int64_t least_tile_rows_of_kept_weight = 512;
/// Outputs must be a multiple of this, which half a panel, a vector and a tile hold: products have whole ones only.
constexpr int64_t outputs_at_once = 16;
/// A tile with fewer rows than this is too empty to be worth its multiplication.
constexpr int64_t fewest_rows_of_tile = 12;

bool all(const int64_t *values, int64_t count, int64_t value) {
    return std::all_of(values, values + count, [=](int64_t v) { return v == value; });
}

bool is_float(const ct_convolution_case &c) { return c.has_one_dtype && c.dtype == CT_FLOAT32; }
bool is_bfloat16(const ct_convolution_case &c) { return c.has_one_dtype && c.dtype == CT_BFLOAT16; }
/// Whether operands in bfloat16 are for vectors: a tile unit multiplies them many times as fast.
bool is_bfloat16_for_vectors(const ct_convolution_case &c) {
    return is_bfloat16(c) && c.has_bfloat16_products && !c.uses_tile_unit;
}
bool has_fitting_channels(const ct_convolution_case &c) { return c.groups == 1 && c.input[1] == c.weight[1]; }
bool has_pixels(const ct_convolution_case &c) { return !std::count(c.input, c.input + c.rank + 2, 0); }

int64_t output_size(const ct_convolution_case &c, int64_t axis) {
    const int64_t reach = c.dilation[axis] * (c.weight[axis + 2] - 1) + 1;
    return (c.input[axis + 2] + 2 * c.padding[axis] - reach) / c.stride[axis] + 1;
}

bool has_outputs(const ct_convolution_case &c) {
    for (int64_t axis = 0; axis < c.rank; ++axis) {
        if (c.stride[axis] < 1 || output_size(c, axis) <= 0) return false;
    }
    return c.weight[0] > 0;
}

/// Rows of the product: output positions of all images.
int64_t rows(const ct_convolution_case &c) {
    int64_t count = c.input[0];
    for (int64_t axis = 0; axis < c.rank; ++axis) count *= output_size(c, axis);
    return count;
}

bool takes_winograd(const ct_convolution_case &c) {
    constexpr int64_t lanes = Vector<float>::count;
    const bool is_plain_3x3 =
        c.rank == 2 && all(c.weight + 2, 2, 3) && all(c.stride, 2, 1) && all(c.padding, 2, 1) && all(c.dilation, 2, 1);
    const int64_t least_pixels = c.keeps_weight ? least_winograd_pixels_of_kept_weight : least_winograd_pixels;
    return c.allows_winograd && c.has_vector_products && c.is_on_cpu && is_float(c) && is_plain_3x3 &&
        has_fitting_channels(c) && has_pixels(c) && c.weight[0] >= least_winograd_channels &&
        c.weight[1] >= least_winograd_channels && c.weight[0] % lanes == 0 && c.weight[1] % lanes == 0 &&
        c.pixels_of_call >= least_pixels;
}

/// Whether a vector or tile product takes these operands.
bool takes_products(const ct_convolution_case &c) {
    if (!c.has_vector_products || !c.is_on_cpu || !has_fitting_channels(c) || !has_pixels(c)) return false;
    if (!is_float(c) && !is_bfloat16_for_vectors(c) && !(is_bfloat16(c) && c.uses_tile_unit)) return false;
    // Gradients may be wanted, which the tile unit computes in float32 only; and a map that isn't channels-last would be
    // copied for the forward pass alone.
    const bool has_gradients = is_float(c) || is_bfloat16_for_vectors(c);
    if (!c.keeps_weight && !(has_gradients && c.is_channels_last && c.has_plain_bias)) return false;
    return c.weight[0] % outputs_at_once == 0 && has_outputs(c);
}

/// Whether an image's pixels, one behind the other with their channels side by side, are the rows of tiles.
bool lies_in_tiles(const ct_convolution_case &c) {
    if (!is_bfloat16(c) || c.input[1] % tile_depth != 0) return false;
    const bool is_pointwise = all(c.weight + 2, c.rank, 1) && all(c.stride, c.rank, 1) && all(c.padding, c.rank, 0);
    const bool is_over_time = c.rank == 3 && (c.input[2] != 1 || c.weight[2] != 1 || c.padding[0] != 0);
    return is_pointwise || (!is_over_time && rows_of_full_tile(output_size(c, c.rank - 1)) > 0);
}

ct_convolution_algorithm choose(const ct_convolution_case &c) {
    if (c.rank == 0) return CT_LIBTORCH;
    if (takes_winograd(c)) return CT_WINOGRAD;
    if (takes_products(c)) {
        const bool is_tiled =
            c.uses_tile_unit && (!c.keeps_weight || is_bfloat16(c) || rows(c) >= least_tile_rows_of_kept_weight);
        if (is_tiled) return lies_in_tiles(c) ? CT_TILES_IN_PLACE : CT_TILE_PRODUCT;
        return CT_VECTOR_PRODUCT;
    }
    if (c.keeps_weight && c.has_onednn && c.is_on_cpu && (is_float(c) || is_bfloat16(c)) && has_pixels(c)) {
        return CT_ONEDNN;
    }
    return CT_LIBTORCH;
}

ct_convolution_algorithm choose_inputs_gradient(const ct_convolution_case &c) {
    // In this product, the outputs are the inputs' channels.
    if (c.weight[1] % outputs_at_once != 0) return CT_LIBTORCH;
    // With stride and dilation on one axis the taps that reach an input are no regular part of the kernel.
    for (int64_t axis = 0; axis < c.rank; ++axis) {
        if (c.stride[axis] != 1 && c.dilation[axis] != 1) return CT_LIBTORCH;
    }
    return c.uses_tile_unit ? CT_TILE_PRODUCT : CT_VECTOR_PRODUCT;
}

ct_convolution_algorithm choose_weight_gradient(const ct_convolution_case &c) {
    const bool has_whole_outputs = c.groups == 1 && c.weight[0] % outputs_at_once == 0;
    if (has_whole_outputs && c.uses_tile_unit && is_float(c)) return CT_TILE_PRODUCT;
    if (has_whole_outputs && c.has_vector_products && (is_float(c) || is_bfloat16_for_vectors(c))) {
        return CT_VECTOR_PRODUCT;
    }
    return CT_LIBTORCH;
}

}  // namespace

ct_convolution_case convolution_case(
    const at::Tensor &x, const at::Tensor &weight, const ConvolutionGeometry &geometry) {
    const bool is_under_autocast = at::autocast::is_autocast_enabled(at::kCPU);
    ct_convolution_case c{};
    const auto rank = static_cast<int64_t>(geometry.stride.size());
    if ((rank != 2 && rank != 3) || x.dim() != rank + 2 || weight.dim() != rank + 2) return c;
    c.rank = static_cast<int32_t>(rank);
    std::copy(x.sizes().begin(), x.sizes().end(), c.input);
    std::copy(weight.sizes().begin(), weight.sizes().end(), c.weight);
    std::copy(geometry.stride.begin(), geometry.stride.end(), c.stride);
    std::copy(geometry.padding.begin(), geometry.padding.end(), c.padding);
    std::copy(geometry.dilation.begin(), geometry.dilation.end(), c.dilation);
    c.groups = geometry.groups;
    c.pixels_of_call = x.numel() / std::max<int64_t>(1, x.size(1));
    // Autocast gives both operands its type, if they are of one of these.
    const auto is_cast = [](at::ScalarType type) { return type == at::kFloat || type == at::kBFloat16; };
    const bool is_autocast = is_under_autocast && is_cast(x.scalar_type()) && is_cast(weight.scalar_type());
    c.has_one_dtype = is_autocast || x.scalar_type() == weight.scalar_type();
    c.dtype = dtype_of(is_autocast ? at::autocast::get_autocast_dtype(at::kCPU) : x.scalar_type());
    c.is_on_cpu = is_native(x) && is_native(weight) && (!is_under_autocast || is_autocast);
    c.is_channels_last = x.is_contiguous(channels_last_of(x));
    c.has_plain_bias = true;
    c.has_vector_products = has(Instructions::avx2);
    c.has_bfloat16_products = has(Instructions::avx512_bf16);
    c.uses_tile_unit = uses_tiles();
    return c;
}

bool onednn_fails_in_bfloat16(const at::Tensor &x, const at::Tensor &weight) {
    if (!x.device().is_cpu() || x.dim() != 5) return false;
    for (int64_t axis = 2; axis < 5; ++axis) {
        if (x.size(axis) < weight.size(axis)) return true;
    }
    return false;
}

int64_t rows_of_full_tile(int64_t width) {
    const int64_t tiles = (width + tile_lines - 1) / tile_lines;
    return width % tiles == 0 && width / tiles >= fewest_rows_of_tile ? width / tiles : 0;
}

}  // namespace ctorch

ct_convolution_algorithm ct_choose_convolution(const ct_convolution_case *convolution) {
    return ctorch::choose(*convolution);
}
ct_convolution_algorithm ct_choose_inputs_gradient(const ct_convolution_case *convolution) {
    return ctorch::choose_inputs_gradient(*convolution);
}
ct_convolution_algorithm ct_choose_weight_gradient(const ct_convolution_case *convolution) {
    return ctorch::choose_weight_gradient(*convolution);
}
