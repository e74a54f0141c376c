#include "convolution/tile_gemm.hpp"

#include <ATen/ops/empty.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "convolution/convolution_rows.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "convolution/tile_direct.hpp"
#include "convolution/tile_making.hpp"
#include "convolution/tile_product.hpp"
#include "convolution/tile_rows.hpp"
#include "core/elements.hpp"

namespace ctorch {
namespace {

/// Numbers of one panel of a weight.
constexpr int64_t panel_numbers(int64_t steps, int64_t pieces) { return steps * pieces * 2 * tile_numbers; }

at::Tensor empty_panels(int64_t panels, int64_t steps, int64_t pieces) {
    return at::empty({panels, steps, pieces, 2, tile_lines, tile_depth}, at::TensorOptions().dtype(at::kShort));
}

Bfloat16Bits *pieces_in(const at::Tensor &packed) { return static_cast<Bfloat16Bits *>(packed.mutable_data_ptr()); }

/// A weight as a matrix `[O, taps · C]`.
at::Tensor rows_of(const at::Tensor &weight) { return weight.detach().movedim(1, -1).contiguous(); }

template <typename T, int64_t pieces>
at::Tensor pack(const at::Tensor &weight) {
    const int64_t outputs = weight.size(0), depth = weight.numel() / outputs, steps = steps_of(depth);
    const int64_t panels = (outputs + tile_panel - 1) / tile_panel;
    const at::Tensor rows = rows_of(weight), packed = empty_panels(panels, steps, pieces);
    const T *from = static_cast<const T *>(rows.const_data_ptr());
    Bfloat16Bits *into = pieces_in(packed);
    parallel_tasks(panels, [&](int64_t panel) {
        Bfloat16Bits *to = into + panel * panel_numbers(steps, pieces);
        for (int64_t step = 0; step < steps; ++step) {
            for (int64_t half = 0; half < 2; ++half) {
                const int64_t first = panel * tile_panel + half * tile_lines, k = step * tile_depth;
                tile_of_weights<pieces>(
                    from + first * depth + k, outputs - first, depth, depth - k, to + half * tile_numbers,
                    2 * tile_numbers);
            }
            to += pieces * 2 * tile_numbers;
        }
    });
    return packed;
}

/// The parts of the summed axis, in steps: a block's rows are laid out as tiles one part at a time, which stays in the
/// cache.
struct Parts {
    int64_t steps, count;

    Parts(int64_t steps, int64_t most) : steps(steps), count((steps + most - 1) / most) {}
    int64_t first(int64_t part) const { return steps * part / count; }
};

/// Most steps of a part.
constexpr int64_t most_steps(int64_t pieces) { return 48 / pieces; }

template <typename T, int64_t pieces>
at::Tensor multiply(
    const at::Tensor &x, const at::Tensor &packed, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry,
    const at::Tensor &bias, const at::Tensor &addend, bool relu, [[maybe_unused]] bool has_tiles_in_place) {
    const auto format = channels_last_of(x);
    const at::Tensor input = x.contiguous(format);
    const std::vector<int64_t> sizes = geometry.output_sizes(input, weight_sizes);
    const at::Tensor out = at::empty(sizes, input.options().memory_format(format));
    const Rows<T> rows(input, weight_sizes, sizes, geometry);
    const int64_t outputs = out.size(1), steps = steps_of(rows.depth);
    const Bfloat16Bits *weight = pieces_in(packed);
    const at::Tensor offsets = bias.defined() ? bias.to(at::kFloat).contiguous() : bias;
    const float *offset = offsets.defined() ? elements<float>(offsets) : nullptr;
    const at::Tensor other = addend.defined() ? addend.contiguous(format) : addend;
    const T *added = other.defined() ? static_cast<const T *>(other.const_data_ptr()) : nullptr;
    T *into = static_cast<T *>(out.mutable_data_ptr());
    if constexpr (std::is_same_v<T, Bfloat16Bits>) {
        if (has_tiles_in_place) {
            convolve_directly(
                rows,
                {.weight = weight, .outputs = outputs, .bias = offset, .addend = added, .relu = relu, .out = into});
            return out;
        }
    }
    const Parts parts(steps, most_steps(pieces));
    const Cut cut(
        rows.count(), (outputs + tile_panel - 1) / tile_panel, TileLimits::rows,
        parts.count == 1 ? TileLimits::panels : 16, TileLimits::few_rows, tile_panel);
    // Where the weight stays in the second cache, a few rows at a time meet all of it, and their results are written
    // side by side.
    const bool is_row_by_row = parts.count == 1 && packed.numel() <= TileLimits::cached_weight && rows.is_pointwise;
    const int64_t rows_at_once = is_row_by_row ? tile_panel : TileLimits::rows;
    parallel_tasks(cut.tasks(), [&](int64_t task) {
        const TileUnit unit;
        const auto [first_row, last_row] = cut.rows_of(task);
        const auto [first_panel, last_panel] = cut.panels_of(task);
        TileProducts<pieces> products;
        // Room for the sums of earlier parts, which in float32 lie where the result will.
        const int64_t width_of_group = (last_panel - first_panel) * tile_panel;
        const bool needs_room = parts.count > 1 && !std::is_same_v<T, float>;
        const Scratch<float> room(needs_room ? (last_row - first_row) * width_of_group : 1);
        constexpr int64_t lines_of_step = pieces * 2 * tile_numbers / tile_depth;
        BlockOfRows<T, pieces> block(
            rows, std::min(rows_at_once, last_row - first_row), std::min(steps, most_steps(pieces)));
        for (int64_t begin = first_row; begin < last_row; begin += rows_at_once) {
            const int64_t end = std::min(last_row, begin + rows_at_once),
                          pairs = (end - begin + tile_panel - 1) / tile_panel;
            block.place(begin, end);
            for (int64_t part = 0; part < parts.count; ++part) {
                const int64_t first = parts.first(part), last = parts.first(part + 1);
                const bool is_last = part == parts.count - 1;
                block.fill(first, last);
                for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                    const int64_t output = panel * tile_panel, width = std::min(tile_panel, outputs - output);
                    const Bfloat16Bits *right =
                        weight + panel * panel_numbers(steps, pieces) + first * pieces * 2 * tile_numbers;
                    for (int64_t pair = 0; pair < pairs; ++pair) {
                        const int64_t row = pair * tile_panel, at = (begin + row) * outputs + output;
                        const int64_t known = std::min(tile_panel, end - begin - row);
                        TileResult<T> result{
                            .rows = known,
                            .width = width,
                            .out = is_last ? into + at : nullptr,
                            .stride = outputs,
                            .bias = is_last && offset != nullptr ? offset + output : nullptr,
                            .addend = is_last && added != nullptr ? added + at : nullptr,
                            .relu = relu};
                        if constexpr (std::is_same_v<T, float>) {
                            result.between = into + at;
                            result.between_stride = outputs;
                        } else if (needs_room) {
                            result.between = room.get() + row * width_of_group + (panel - first_panel) * tile_panel;
                            result.between_stride = width_of_group;
                        }
                        if (part > 0) result.before = result.between;
                        TileProduct product{
                            .left = block.tiles(row),
                            .right = right,
                            .steps = last - first,
                            .tiles_of_rows = (known + tile_lines - 1) / tile_lines,
                            .tiles_of_columns = width / tile_lines};
                        // Fetches the next panel from the third cache, a part with each pair of tiles.
                        if (!is_row_by_row && panel + 1 < last_panel) {
                            const int64_t share = lines_of_step * (last - first) * pair / pairs;
                            product.ahead = right + panel_numbers(steps, pieces) + share * tile_depth;
                            product.ahead_lines = (lines_of_step + pairs - 1) / pairs;
                        }
                        // Where nothing is added and no row is missing, the sums are the result. Long sums are added up
                        // from those of the parts, which rounds less than going on with the tiles.
                        const bool is_bare = part == 0 && known == tile_panel && result.bias == nullptr &&
                            result.addend == nullptr && !relu && (std::is_same_v<T, float> || !is_last);
                        if (is_bare) {
                            product.sums = result.between;
                            product.stride = result.between_stride;
                            products.add(product);
                        } else {
                            if (!is_row_by_row) tile_prefetch(result);
                            products.add(product, result);
                        }
                    }
                }
            }
        }
        products.finish();
    });
    return out;
}

}  // namespace

bool is_tiled(const at::Tensor &packed) { return packed.scalar_type() == at::kShort; }

at::Tensor tiled_weight(const at::Tensor &weight) {
    return weight.scalar_type() == at::kFloat ? pack<float, pieces_of_values>(weight)
                                              : pack<Bfloat16Bits, pieces_of_bfloat16>(weight);
}

at::Tensor tiled_turned_weight(const at::Tensor &weight) {
    const int64_t outputs = weight.size(0), inputs = weight.size(1), taps = weight.numel() / (outputs * inputs);
    if (outputs % tile_depth != 0) {
        std::vector<int64_t> axes(weight.dim() - 2);
        for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i) + 2;
        return pack<float, pieces_of_gradients>(weight.flip(axes).transpose(0, 1));
    }
    const int64_t steps = taps * outputs / tile_depth, panels = (inputs + tile_panel - 1) / tile_panel;
    // [O, taps, C]
    const at::Tensor rows = rows_of(weight), packed = empty_panels(panels, steps, pieces_of_gradients);
    const float *from = elements<float>(rows);
    Bfloat16Bits *into = pieces_in(packed);
    parallel_tasks(panels * taps, [&](int64_t task) {
        const int64_t panel = task / taps, place = task % taps, tap = taps - 1 - place, first = panel * tile_panel;
        const int64_t steps_of_tap = outputs / tile_depth;
        Bfloat16Bits *to = into + (panel * steps + place * steps_of_tap) * pieces_of_gradients * 2 * tile_numbers;
        for (int64_t step = 0; step < steps_of_tap; ++step) {
            const float *lines[tile_depth];
            for (int64_t i = 0; i < tile_depth; ++i)
                lines[i] = from + ((step * tile_depth + i) * taps + tap) * inputs + first;
            // Where a panel has 16 columns, the other 16 are never read.
            tile_of_rows(lines, std::min(tile_panel, inputs - first), to, 2 * tile_numbers);
            to += pieces_of_gradients * 2 * tile_numbers;
        }
    });
    return packed;
}

at::Tensor tile_gemm(
    const at::Tensor &x, const at::Tensor &packed, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry,
    const at::Tensor &bias, const at::Tensor &addend, bool relu, bool has_tiles_in_place) {
    if (x.scalar_type() != at::kFloat) {
        return multiply<Bfloat16Bits, pieces_of_bfloat16>(
            x, packed, weight_sizes, geometry, bias, addend, relu, has_tiles_in_place);
    }
    return packed.size(2) == pieces_of_values
        ? multiply<float, pieces_of_values>(x, packed, weight_sizes, geometry, bias, addend, relu, has_tiles_in_place)
        : multiply<float, pieces_of_gradients>(
              x, packed, weight_sizes, geometry, bias, addend, relu, has_tiles_in_place);
}

}  // namespace ctorch
