#include <ATen/ops/empty.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "convolution/position_lines.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "convolution/tile_gemm.hpp"
#include "convolution/tile_making.hpp"
#include "convolution/tile_product.hpp"
#include "core/elements.hpp"

// dW = gᵀ · rows, summed over the output positions: gᵀ is turned tile by tile, the rows' tiles need no turning.

namespace ctorch {
namespace {

using PlacedRows = Rows<float>;

/// How many positions are laid out at a time, in steps of 32, and how many outputs stay in the cache with them.
constexpr int64_t most_steps = 16, most_outputs = 384, pieces = pieces_of_gradients;

/// The tasks, each of a range of positions, a block of outputs and a group of panels of the weight's columns. The order
/// of the sums doesn't depend on the number of threads.
struct Tasks {
    int64_t positions, outputs, panels, ranges, blocks, groups;

    Tasks(int64_t positions, int64_t outputs, int64_t panels)
        : positions(positions), outputs(outputs), panels(panels), blocks((outputs + most_outputs - 1) / most_outputs) {
        // Each range has sums of its own. Their number is even, so that two threads have as much to do.
        constexpr int64_t worthwhile = 8192, most_sums = 1 << 22;
        const int64_t most = std::max<int64_t>(1, most_sums / (outputs * panels * tile_panel));
        ranges = std::min(most, positions < worthwhile ? 1 : 2 * (positions / worthwhile));
        // Few groups, because each one turns the gradient again.
        const int64_t threads = at::get_num_threads();
        groups = std::clamp<int64_t>((threads + ranges * blocks - 1) / (ranges * blocks), 1, panels);
    }

    int64_t count() const { return ranges * blocks * groups; }
};

class BlockOfPositions : public PositionLines<float> {
public:
    BlockOfPositions(const PlacedRows &rows, const float *gradient, int64_t outputs, int64_t columns)
        : PositionLines(rows, gradient, outputs, columns, most_steps * tile_depth) {}

    void begin(int64_t first_position, int64_t end) {
        PositionLines::begin(first_position, end);
        steps = steps_of(count);
    }

    /// Lays out gᵀ of 16 outputs as tiles `[steps, 2, 16, 32]`.
    void turn_gradient(int64_t output, Bfloat16Bits *to) const {
        for (int64_t step = 0; step < steps; ++step) {
            const float *lines[tile_depth];
            for (int64_t i = 0; i < tile_depth; ++i) lines[i] = gradient_line(step * tile_depth + i, output);
            tile_of_columns(lines, to + step * pieces * tile_numbers);
        }
    }

    /// Lays 32 columns of the rows out as tiles `[steps, 2, 2, 16, 32]`.
    void lay_out(int64_t panel, Bfloat16Bits *to) {
        const int64_t column = panel * tile_panel;
        if (is_gathered || rows.channels % tile_panel == 0) {
            lay_out(column, tile_panel, to);
            return;
        }
        lay_out(column, tile_lines, to);
        // Past the last column there is half a panel that is never read.
        if (column + tile_lines < rows.depth) lay_out(column + tile_lines, tile_lines, to + tile_numbers);
    }

    int64_t steps = 0;

private:
    void lay_out(int64_t column, int64_t width, Bfloat16Bits *to) {
        go_to(column);
        for (int64_t step = 0; step < steps; ++step) {
            const float *lines[tile_depth];
            for (int64_t i = 0; i < tile_depth; ++i) lines[i] = line(step * tile_depth + i);
            tile_of_rows(lines, width, to + step * 2 * pieces * tile_numbers, 2 * tile_numbers);
        }
    }
};

}  // namespace

at::Tensor tile_weight_gradient(
    const at::Tensor &x, const at::Tensor &gradient, at::IntArrayRef weight_sizes,
    const ConvolutionGeometry &geometry) {
    const PlacedRows rows(x, weight_sizes, gradient.sizes(), geometry);
    // The narrower map is the one to turn.
    if (rows.is_pointwise && rows.channels < weight_sizes[0] && rows.channels % tile_lines == 0) {
        std::vector<int64_t> sizes = weight_sizes.vec();
        std::swap(sizes[0], sizes[1]);
        return tile_weight_gradient(gradient, x, sizes, geometry).transpose(0, 1);
    }
    const int64_t outputs = gradient.size(1), panels = (rows.depth + tile_panel - 1) / tile_panel;
    const int64_t columns = panels * tile_panel;
    const Tasks tasks(gradient.numel() / outputs, outputs, panels);
    const at::Tensor sums = at::empty({tasks.ranges, outputs, columns}, at::kFloat);
    const float *upstream = elements<float>(gradient);
    float *into = sums.mutable_data_ptr<float>();
    parallel_tasks(tasks.count(), [&](int64_t task) {
        const TileUnit unit;
        const int64_t range = task / (tasks.blocks * tasks.groups), part = task % (tasks.blocks * tasks.groups);
        const int64_t block = part / tasks.groups, group = part % tasks.groups;
        const int64_t begin = tasks.positions * range / tasks.ranges,
                      end = tasks.positions * (range + 1) / tasks.ranges;
        const int64_t tiles = outputs / tile_lines;
        const int64_t first_tile = tiles * block / tasks.blocks, last_tile = tiles * (block + 1) / tasks.blocks;
        const int64_t first_panel = panels * group / tasks.groups, last_panel = panels * (group + 1) / tasks.groups;
        const Scratch<Bfloat16Bits> left((last_tile - first_tile) * most_steps * pieces * tile_numbers);
        const Scratch<Bfloat16Bits> right(most_steps * 2 * pieces * tile_numbers);
        TileProducts<pieces> products;
        BlockOfPositions positions(rows, upstream, outputs, columns);
        const int64_t parts = (end - begin + most_steps * tile_depth - 1) / (most_steps * tile_depth);
        for (int64_t i = 0; i < parts; ++i) {
            positions.begin(begin + (end - begin) * i / parts, begin + (end - begin) * (i + 1) / parts);
            const int64_t next = positions.steps * pieces * tile_numbers;
            for (int64_t tile = first_tile; tile < last_tile; ++tile) {
                positions.turn_gradient(tile * tile_lines, left.get() + (tile - first_tile) * next);
            }
            for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                positions.lay_out(panel, right.get());
                for (int64_t tile = first_tile; tile < last_tile; tile += 2) {
                    const int64_t pair = std::min<int64_t>(2, last_tile - tile);
                    float *at = into + (range * outputs + tile * tile_lines) * columns + panel * tile_panel;
                    TileProduct product{
                        .left = TileRows::of_tiles(left.get() + (tile - first_tile) * next, next, pieces),
                        .right = right.get(),
                        .steps = positions.steps,
                        .tiles_of_rows = pair,
                        .tiles_of_columns = 2};
                    if (i == 0) {
                        product.sums = at;
                        product.stride = columns;
                        products.add(product);
                    } else {
                        products.add(
                            product,
                            {.rows = pair * tile_lines,
                             .width = tile_panel,
                             .before = at,
                             .between = at,
                             .between_stride = columns});
                    }
                }
            }
        }
        products.finish();
    });
    const at::Tensor total = tasks.ranges == 1 ? sums[0] : sums.sum(0);
    std::vector<int64_t> sizes{outputs};
    sizes.insert(sizes.end(), weight_sizes.begin() + 2, weight_sizes.end());
    sizes.push_back(rows.channels);
    return total.narrow(1, 0, rows.depth).reshape(sizes).movedim(-1, 1);
}

}  // namespace ctorch
