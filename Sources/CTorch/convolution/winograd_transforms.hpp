// Winograd's transforms for F(4×4, 3×3): maps and gradients to the domain where the convolution is 36 products of matrices,
// products back to maps, and the weight's way there and back.
#pragma once

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Values of one tile, or of one pair of channels of a weight, in the transformed domain.
constexpr int64_t winograd_values = 36;

/// The tiles of 4×4 outputs of maps `[N, H, W, channels]`.
struct WinogradGrid {
    int64_t images, height, width, rows, columns;

    WinogradGrid(int64_t images, int64_t height, int64_t width)
        : images(images), height(height), width(width), rows((height + 3) / 4), columns((width + 3) / 4) {}

    int64_t count() const { return images * rows * columns; }
};

/// A range of tiles, or of channels.
struct WinogradRange {
    int64_t begin, end;

    int64_t count() const { return end - begin; }
};

/// Where the values of tiles lie: value i of the range's tile t, for the range's channels, at `places[i] + t * stride`.
struct WinogradLayout {
    int64_t places[winograd_values], stride;
};

/// Transforms the inputs of tiles.
///
/// - map: `[N, H, W, channels]`
/// - zeros: as many zeros as there are channels, which padding is read from.
void winograd_scatter_inputs(
    const float *map, const WinogradGrid &grid, int64_t channels, WinogradRange tiles, WinogradRange of_channels,
    const float *zeros, const WinogradLayout &layout, float *out);

/// Transforms the gradients of tiles' outputs.
void winograd_scatter_gradients(
    const float *map, const WinogradGrid &grid, int64_t channels, WinogradRange tiles, const float *zeros,
    const WinogradLayout &layout, float *out);

/// Transforms tiles back to their outputs, act(values + bias + addend).
///
/// - bias, addend: `[channels]` and a map like the output; null for none.
void winograd_gather_outputs(
    const float *values, const WinogradLayout &layout, const WinogradGrid &grid, int64_t channels, WinogradRange tiles,
    WinogradRange of_channels, const float *bias, const float *addend, bool relu, float *map);

/// Transforms outputs first..<first + width of a weight to a panel of each of the 36 matrices: value i of input c at
/// `out[i * plane + c * width]`.
///
/// - weight: `[O, 3, 3, C]`
/// - width: 16 or 32.
void winograd_panel(const float *weight, int64_t inputs, int64_t first, int64_t width, int64_t plane, float *out);

/// Transforms a weight turned to take gradients of outputs back to inputs: transposed, and its taps in reverse. A panel, laid out
/// as by `winograd_panel`, has the inputs first..<first + width of the given weight as its outputs.
void winograd_turned_panel(
    const float *weight, int64_t outputs, int64_t inputs, int64_t first, int64_t width, int64_t plane, float *out);

/// The gradient of one output of a weight, `[3, 3, C]`, from its 36 values: value i of input c at `values[i * plane + c]`.
void winograd_weight_gradient(const float *values, int64_t plane, int64_t inputs, float *out);

}  // namespace ctorch

#pragma GCC visibility pop
