#include "convolution/winograd_transforms.hpp"

#include <algorithm>

#include "core/simd.hpp"

namespace ctorch {
namespace {

constexpr int64_t lanes = Vector<float>::count;
using Values = Lanes<float>;

/// Where a tile's outputs begin.
struct Place {
    int64_t image, y, x;
};

CTORCH_INLINE Place place_of(const WinogradGrid &grid, int64_t tile) {
    return {tile / (grid.rows * grid.columns), tile / grid.columns % grid.rows * 4, tile % grid.columns * 4};
}

// Bᵀ of the paper: six inputs of a row or column.
CTORCH_INLINE void transform_input(const Values d[6], Values v[6]) {
    const Values a = d[4] - 4 * d[2], b = d[3] - 4 * d[1];
    const Values c = d[4] - d[2], e = 2 * (d[3] - d[1]);
    v[0] = 4 * d[0] - 5 * d[2] + d[4];
    v[1] = a + b;
    v[2] = a - b;
    v[3] = c + e;
    v[4] = c - e;
    v[5] = 4 * d[1] - 5 * d[3] + d[5];
}

// Aᵀ: four outputs of six values.
CTORCH_INLINE void transform_output(const Values m[6], Values y[4]) {
    const Values a = m[1] + m[2], b = m[1] - m[2];
    const Values c = m[3] + m[4], e = m[3] - m[4];
    y[0] = m[0] + a + c;
    y[1] = b + 2 * e;
    y[2] = a + 4 * c;
    y[3] = b + 8 * e + m[5];
}

// A: the transpose of the above, for gradients.
CTORCH_INLINE void transform_gradient(const Values g[4], Values m[6]) {
    const Values a = g[0] + g[2], b = g[1] + g[3];
    const Values c = g[0] + 4 * g[2], e = 2 * g[1] + 8 * g[3];
    m[0] = g[0];
    m[1] = a + b;
    m[2] = a - b;
    m[3] = c + e;
    m[4] = c - e;
    m[5] = g[3];
}

// G: six values of the three taps of a row or column of a weight.
CTORCH_INLINE void transform_weight(const Values w[3], Values u[6]) {
    const Values ends = w[0] + w[2], far = w[0] + 4 * w[2];
    u[0] = w[0] * (1.f / 4);
    u[1] = (ends + w[1]) * (-1.f / 6);
    u[2] = (ends - w[1]) * (-1.f / 6);
    u[3] = (far + 2 * w[1]) * (1.f / 24);
    u[4] = (far - 2 * w[1]) * (1.f / 24);
    u[5] = w[2];
}

// Gᵀ: the gradients of three taps from those of six values.
CTORCH_INLINE void transform_weight_gradient(const Values u[6], Values w[3]) {
    const Values a = u[1] + u[2], b = u[1] - u[2], c = u[3] + u[4], e = u[3] - u[4];
    w[0] = u[0] * (1.f / 4) - a * (1.f / 6) + c * (1.f / 24);
    w[1] = e * (1.f / 12) - b * (1.f / 6);
    w[2] = c * (1.f / 6) - a * (1.f / 6) + u[5];
}

/// The pixels of a square of a map, row by row from (y − margin, x − margin) on; `zeros` outside.
CTORCH_INLINE void window(
    const float *map, const WinogradGrid &grid, const Place &place, int64_t channels, int64_t margin, int64_t side,
    const float *zeros, const float **pixels) {
    for (int64_t i = 0; i < side; ++i) {
        for (int64_t j = 0; j < side; ++j) {
            const int64_t y = place.y + i - margin, x = place.x + j - margin;
            const bool inside = y >= 0 && y < grid.height && x >= 0 && x < grid.width;
            pixels[i * side + j] = inside ? map + ((place.image * grid.height + y) * grid.width + x) * channels : zeros;
        }
    }
}

/// The 36 values of a weight's nine taps, which lie `stride` apart, the last one first if it is turned.
template <bool is_turned>
CTORCH_INLINE void transform_taps(const float *taps, int64_t stride, int64_t plane, float *out) {
    Values rows[6][3];
    for (int j = 0; j < 3; ++j) {
        Values column[3], transformed[6];
        for (int i = 0; i < 3; ++i) load(column[i], taps + (is_turned ? 8 - 3 * i - j : 3 * i + j) * stride);
        transform_weight(column, transformed);
        for (int i = 0; i < 6; ++i) rows[i][j] = transformed[i];
    }
    for (int i = 0; i < 6; ++i) {
        Values transformed[6];
        transform_weight(rows[i], transformed);
        for (int j = 0; j < 6; ++j) store(out + (6 * i + j) * plane, transformed[j]);
    }
}

}  // namespace

CTORCH_CLONES void winograd_scatter_inputs(
    const float *map, const WinogradGrid &grid, int64_t channels, WinogradRange tiles, WinogradRange of_channels,
    const float *zeros, const WinogradLayout &layout, float *out) {
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
        const float *pixels[36];
        window(map, grid, place_of(grid, tile), channels, 1, 6, zeros, pixels);
        float *target = out + (tile - tiles.begin) * layout.stride;
        for (int64_t c = of_channels.begin; c < of_channels.end; c += lanes, target += lanes) {
            Values rows[6][6];
            for (int j = 0; j < 6; ++j) {
                Values column[6], transformed[6];
                for (int i = 0; i < 6; ++i) load(column[i], pixels[6 * i + j] + c);
                transform_input(column, transformed);
                for (int i = 0; i < 6; ++i) rows[i][j] = transformed[i];
            }
            for (int i = 0; i < 6; ++i) {
                Values transformed[6];
                transform_input(rows[i], transformed);
                for (int j = 0; j < 6; ++j) store(target + layout.places[6 * i + j], transformed[j]);
            }
        }
    }
}

CTORCH_CLONES void winograd_scatter_gradients(
    const float *map, const WinogradGrid &grid, int64_t channels, WinogradRange tiles, const float *zeros,
    const WinogradLayout &layout, float *out) {
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
        const float *pixels[16];
        window(map, grid, place_of(grid, tile), channels, 0, 4, zeros, pixels);
        float *target = out + (tile - tiles.begin) * layout.stride;
        for (int64_t c = 0; c < channels; c += lanes, target += lanes) {
            Values rows[6][4];
            for (int j = 0; j < 4; ++j) {
                Values column[4], transformed[6];
                for (int i = 0; i < 4; ++i) load(column[i], pixels[4 * i + j] + c);
                transform_gradient(column, transformed);
                for (int i = 0; i < 6; ++i) rows[i][j] = transformed[i];
            }
            for (int i = 0; i < 6; ++i) {
                Values transformed[6];
                transform_gradient(rows[i], transformed);
                for (int j = 0; j < 6; ++j) store(target + layout.places[6 * i + j], transformed[j]);
            }
        }
    }
}

CTORCH_CLONES void winograd_gather_outputs(
    const float *values, const WinogradLayout &layout, const WinogradGrid &grid, int64_t channels, WinogradRange tiles,
    WinogradRange of_channels, const float *bias, const float *addend, bool relu, float *map) {
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
        const Place place = place_of(grid, tile);
        const float *source = values + (tile - tiles.begin) * layout.stride;
        const int64_t height = std::min<int64_t>(4, grid.height - place.y);
        const int64_t width = std::min<int64_t>(4, grid.width - place.x);
        const int64_t corner = ((place.image * grid.height + place.y) * grid.width + place.x) * channels;
        for (int64_t c = of_channels.begin; c < of_channels.end; c += lanes, source += lanes) {
            Values offset = {};
            if (bias != nullptr) load(offset, bias + c);
            Values rows[4][6];
            for (int j = 0; j < 6; ++j) {
                Values column[6], transformed[4];
                for (int i = 0; i < 6; ++i) load(column[i], source + layout.places[6 * i + j]);
                transform_output(column, transformed);
                for (int i = 0; i < 4; ++i) rows[i][j] = transformed[i];
            }
            for (int64_t i = 0; i < height; ++i) {
                Values transformed[4];
                transform_output(rows[i], transformed);
                for (int64_t j = 0; j < width; ++j) {
                    const int64_t at = corner + (i * grid.width + j) * channels + c;
                    Values y = transformed[j] + offset;
                    if (addend != nullptr) {
                        Values added;
                        load(added, addend + at);
                        y += added;
                    }
                    if (relu) y = __builtin_elementwise_max(y, Values(0));
                    store(map + at, y);
                }
            }
        }
    }
}

CTORCH_CLONES void winograd_panel(
    const float *weight, int64_t inputs, int64_t first, int64_t width, int64_t plane, float *out) {
    // Turned in squares of 16 outputs and 16 inputs: the taps of an output lie side by side, and a panel has outputs so.
    float turned[9][lanes][lanes];
    for (int64_t column = 0; column < width; column += lanes) {
        for (int64_t start = 0; start < inputs; start += lanes) {
            for (int64_t o = 0; o < lanes; ++o) {
                const float *row = weight + (first + column + o) * 9 * inputs + start;
                for (int64_t tap = 0; tap < 9; ++tap) {
                    for (int64_t c = 0; c < lanes; ++c) turned[tap][c][o] = row[tap * inputs + c];
                }
            }
            for (int64_t c = 0; c < lanes; ++c) {
                transform_taps<false>(turned[0][c], lanes * lanes, plane, out + (start + c) * width + column);
            }
        }
    }
}

CTORCH_CLONES void winograd_turned_panel(
    const float *weight, int64_t outputs, int64_t inputs, int64_t first, int64_t width, int64_t plane, float *out) {
    for (int64_t o = 0; o < outputs; ++o) {
        for (int64_t column = 0; column < width; column += lanes) {
            transform_taps<true>(weight + o * 9 * inputs + first + column, inputs, plane, out + o * width + column);
        }
    }
}

CTORCH_CLONES void winograd_weight_gradient(const float *values, int64_t plane, int64_t inputs, float *out) {
    for (int64_t c = 0; c < inputs; c += lanes) {
        Values rows[3][6];
        for (int j = 0; j < 6; ++j) {
            Values column[6], transformed[3];
            for (int i = 0; i < 6; ++i) load(column[i], values + (6 * i + j) * plane + c);
            transform_weight_gradient(column, transformed);
            for (int i = 0; i < 3; ++i) rows[i][j] = transformed[i];
        }
        for (int i = 0; i < 3; ++i) {
            Values transformed[3];
            transform_weight_gradient(rows[i], transformed);
            for (int j = 0; j < 3; ++j) store(out + (3 * i + j) * inputs + c, transformed[j]);
        }
    }
}

}  // namespace ctorch
