#include "convolution/vector_weight_gradient.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "convolution/implicit_gemm_kernels.hpp"
#include "convolution/position_lines.hpp"
#include "convolution/transposed_product.hpp"
#include "core/parallel.hpp"

// dW = gᵀ · rows, summed over the output positions, tap by tap: for each, a position brings a line of the gradient and a line of
// the map's pixels, both where they lie.

namespace ctorch {
namespace {

/// Outputs that are not parted.
constexpr int64_t outputs_at_once = 16;
/// Most outputs of a task: of so many, the gradient of a run of positions stays in the second cache.
constexpr int64_t most_outputs = 14 * gemm_rows;

/// The tasks, each of a range of positions, a block of outputs and a group of panels of the weight's columns. The order of
/// the sums doesn't depend on the number of threads.
struct Tasks {
    int64_t positions, outputs, panels, ranges, blocks, groups;

    Tasks(int64_t positions, int64_t outputs, int64_t panels)
        : positions(positions), outputs(outputs), panels(panels), blocks((outputs + most_outputs - 1) / most_outputs) {
        // Each range has sums of its own.
        constexpr int64_t worthwhile = 4096, most_sums = 1 << 22;
        const int64_t most = std::max<int64_t>(1, most_sums / (outputs * panels * gemm_panel));
        ranges = std::min(most, std::max<int64_t>(1, positions / worthwhile));
        // A few tasks for each thread, and as many for one as for any other, so that they end together.
        const int64_t threads = at::get_num_threads(), wanted = 3 * threads, units = outputs / outputs_at_once;
        if (ranges == 1 && blocks > 1) blocks = std::min(units, (blocks + threads - 1) / threads * threads);
        groups = std::clamp<int64_t>((wanted + ranges * blocks - 1) / (ranges * blocks), 1, panels);
    }

    int64_t count() const { return ranges * blocks * groups; }
};

/// The left factor of a run of positions, for `multiply_transposed`.
class LeftFactor {
public:
    explicit LeftFactor(int64_t outputs) : outputs(outputs) {}

    const float *of(const float *gradient, int64_t, int64_t) const { return gradient; }
    int64_t stride(const float *, int64_t) const { return outputs; }
    /// The gradient of the next run.
    const float *ahead(const float *gradient, int64_t depth) const { return gradient + depth * outputs; }

    const uint32_t *of(const Bfloat16Bits *gradient, int64_t depth, int64_t rows) {
        words.resize((depth + 1) / 2 * rows);
        pair_lines(gradient, outputs, depth, rows, words.data());
        return words.data();
    }
    int64_t stride(const Bfloat16Bits *, int64_t rows) const { return rows; }
    const float *ahead(const Bfloat16Bits *, int64_t) const { return nullptr; }

private:
    const int64_t outputs;
    std::vector<uint32_t> words;
};

template <typename T>
at::Tensor weight_gradient(
    const at::Tensor &x, const at::Tensor &gradient, at::IntArrayRef weight_sizes,
    const ConvolutionGeometry &geometry) {
    const Rows<T> rows(x, weight_sizes, gradient.sizes(), geometry);
    const int64_t outputs = gradient.size(1), panels = (rows.depth + gemm_panel - 1) / gemm_panel;
    // Channels that fill no vector are copied together first, with zeros behind them.
    const bool is_whole = rows.channels % PositionLines<T>::channels_at_once == 0;
    const int64_t columns = is_whole ? rows.depth : (rows.depth + 15) / 16 * 16;
    const Tasks tasks(gradient.numel() / outputs, outputs, panels);
    const at::Tensor sums = at::empty({tasks.ranges, outputs, columns}, at::kFloat);
    const std::vector<T> zeros(columns);
    const T *upstream = static_cast<const T *>(gradient.const_data_ptr());
    float *into = sums.mutable_data_ptr<float>();
    parallel_tasks(tasks.count(), [&](int64_t task) {
        const int64_t range = task / (tasks.blocks * tasks.groups), part = task % (tasks.blocks * tasks.groups);
        const int64_t block = part / tasks.groups, group = part % tasks.groups;
        const int64_t begin = tasks.positions * range / tasks.ranges,
                      end = tasks.positions * (range + 1) / tasks.ranges;
        const int64_t units = outputs / outputs_at_once;
        const int64_t first_output = units * block / tasks.blocks * outputs_at_once,
                      last_output = units * (block + 1) / tasks.blocks * outputs_at_once;
        const int64_t first_panel = panels * group / tasks.groups, last_panel = panels * (group + 1) / tasks.groups;
        const int64_t first_column = first_panel * gemm_panel, last_column = std::min(columns, last_panel * gemm_panel);
        const int64_t rows_of_task = last_output - first_output;
        // The sums of so many columns stay in the second cache from one run of positions to the next.
        constexpr int64_t cache = 1 << 19;
        const int64_t columns_at_once =
            std::max<int64_t>(1, cache / (rows_of_task * gemm_panel * int64_t{sizeof(float)})) * gemm_panel;
        constexpr int64_t most = transposed_depth<T>;
        const int64_t runs = (end - begin + most - 1) / most;
        PositionLines<T> positions(rows, upstream, outputs, columns, most);
        LeftFactor factor(outputs);
        std::vector<const T *> lines(2 * most);
        for (int64_t start = first_column; start < last_column; start += columns_at_once) {
            const int64_t stop = std::min(last_column, start + columns_at_once);
            for (int64_t run = 0; run < runs; ++run) {
                const int64_t first = begin + (end - begin) * run / runs;
                const int64_t count = begin + (end - begin) * (run + 1) / runs - first;
                const bool is_last = run == runs - 1;
                positions.begin(first, first + count);
                const T *gradient = upstream + first * outputs + first_output;
                const auto *left = factor.of(gradient, count, rows_of_task);
                // Where a map is read once only, what follows is fetched from memory meanwhile.
                const bool fetches_right = rows.is_pointwise && is_whole && !is_last;
                for (int64_t column = start, next; column < stop; column = next) {
                    next = std::min(stop, positions.end_of_tap(column));
                    positions.go_to(column);
                    for (int64_t i = 0; i < count; ++i) {
                        const T *line = positions.line(i);
                        lines[i] = line != nullptr ? line : zeros.data();
                        if (fetches_right) lines[most + i] = line + count * rows.channels;
                    }
                    multiply_transposed(TransposedProduct<T>{
                        .left = left,
                        .left_stride = factor.stride(gradient, rows_of_task),
                        .right = lines.data(),
                        .offset = 0,
                        .depth = count,
                        .rows = rows_of_task,
                        .columns = next - column,
                        .out = into + (range * outputs + first_output) * columns + column,
                        .out_stride = columns,
                        .is_continued = run > 0,
                        .left_ahead = column == start && !is_last ? factor.ahead(gradient, count) : nullptr,
                        .right_ahead = fetches_right ? lines.data() + most : nullptr,
                    });
                }
            }
        }
    });
    const at::Tensor total = tasks.ranges == 1 ? sums[0] : sums.sum(0);
    std::vector<int64_t> sizes{outputs};
    sizes.insert(sizes.end(), weight_sizes.begin() + 2, weight_sizes.end());
    sizes.push_back(rows.channels);
    return total.narrow(1, 0, rows.depth).reshape(sizes).movedim(-1, 1);
}

}  // namespace

at::Tensor vector_weight_gradient(
    const at::Tensor &x, const at::Tensor &gradient, at::IntArrayRef weight_sizes,
    const ConvolutionGeometry &geometry) {
    return x.scalar_type() == at::kFloat ? weight_gradient<float>(x, gradient, weight_sizes, geometry)
                                         : weight_gradient<Bfloat16Bits>(x, gradient, weight_sizes, geometry);
}

}  // namespace ctorch
