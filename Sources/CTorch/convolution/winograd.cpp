#include "convolution/winograd.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "convolution/convolution_rows.hpp"
#include "convolution/implicit_gemm_kernels.hpp"
#include "convolution/transposed_product.hpp"
#include "convolution/winograd_transforms.hpp"
#include "core/elements.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "normalized_sum/remade_map.hpp"

// In the transformed domain a convolution is 36 products of matrices, `[tiles, C] · [C, O]`. A task transforms some tiles,
// multiplies them with some panels of all 36 matrices and transforms the products back, so that what lies between stays in
// its core's cache and no task waits for another.

namespace ctorch {
namespace {

at::Tensor buffer(int64_t count) { return at::empty({count}, at::kFloat); }

/// Numbers between the lines of a buffer, so that their distance is no power of two.
constexpr int64_t gap = 16;

/// How a task's transformed inputs lie: as the rows of `gemm_tile`, which hold the channels of several of the 36 values
/// where these are few, or a part of the channels of one.
struct InputsLayout {
    int64_t tiles, channels, parts, per_row;

    InputsLayout(int64_t tiles, int64_t channels)
        : tiles(tiles),
          channels(channels),
          parts((channels + gemm_words - 1) / gemm_words),
          per_row(std::max<int64_t>(1, gemm_words / channels)) {}

    int64_t size() const { return (winograd_values * parts + per_row - 1) / per_row * tiles * gemm_stride; }

    WinogradRange part(int64_t index) const {
        const int64_t units = channels / 16;
        return {units * index / parts * 16, units * (index + 1) / parts * 16};
    }

    int64_t place(int64_t value, int64_t part) const {
        const int64_t slot = value * parts + part;
        return slot / per_row * tiles * gemm_stride + slot % per_row * channels;
    }

    WinogradLayout layout(int64_t part) const {
        WinogradLayout result{{}, gemm_stride};
        for (int64_t i = 0; i < winograd_values; ++i) result.places[i] = place(i, part);
        return result;
    }
};

/// The layout of 36 matrices, one behind the other, of lines of so many numbers and a gap.
WinogradLayout planes(int64_t lines, int64_t numbers) {
    WinogradLayout result{{}, numbers + gap};
    for (int64_t i = 0; i < winograd_values; ++i) result.places[i] = i * lines * result.stride;
    return result;
}

/// A weight in panels: value i of input c of a panel's output o at `[i * inputs * outputs + first * inputs + c * width + o]`.
at::Tensor panels_of(const at::Tensor &weight, bool is_turned) {
    const at::Tensor taps = weight.detach().contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t rows = taps.size(0), columns = taps.size(1);
    const int64_t outputs = is_turned ? columns : rows, inputs = is_turned ? rows : columns;
    const at::Tensor panels = buffer(winograd_values * inputs * outputs);
    const float *from = elements<float>(taps);
    float *into = panels.mutable_data_ptr<float>();
    parallel_tasks((outputs + gemm_panel - 1) / gemm_panel, [&](int64_t panel) {
        const int64_t first = panel * gemm_panel, width = std::min(gemm_panel, outputs - first);
        float *out = into + first * inputs;
        is_turned ? winograd_turned_panel(from, rows, columns, first, width, inputs * outputs, out)
                  : winograd_panel(from, inputs, first, width, inputs * outputs, out);
    });
    return panels;
}

/// Tiles of a task of so many channels of both maps together. More of them read the weight's matrices fewer times, which
/// are 36 to the 9 of a kernel; the task's values must not crowd out what other cores keep in the cache that they share.
int64_t most_tiles(int64_t channels) {
    constexpr int64_t cache = 16 << 20, least = 2 * gemm_rows, most = 8 * gemm_rows;
    const int64_t fitting = cache / (winograd_values * channels * int64_t{sizeof(float)});
    return std::clamp(fitting / gemm_rows * gemm_rows, least, most);
}

at::Tensor convolve(
    const at::Tensor &map, const at::Tensor &weight, int64_t outputs, const at::Tensor &bias, const at::Tensor &addend,
    bool relu) {
    const int64_t inputs = map.size(1);
    const WinogradGrid grid(map.size(0), map.size(2), map.size(3));
    const at::Tensor result = at::empty(
        {grid.images, outputs, grid.height, grid.width}, map.options().memory_format(at::MemoryFormat::ChannelsLast));
    const at::Tensor zeros = at::zeros({inputs}, at::kFloat);
    const float *offset = bias.defined() ? elements<float>(bias) : nullptr;
    const float *added = addend.defined() ? elements<float>(addend) : nullptr;
    const float *from = elements<float>(map), *matrices = elements<float>(weight), *padding = elements<float>(zeros);
    float *into = result.mutable_data_ptr<float>();
    constexpr int64_t most_panels = 16, few_tiles = 4 * gemm_rows;
    const int64_t panels = (outputs + gemm_panel - 1) / gemm_panel;
    const Cut cut(grid.count(), panels, most_tiles(inputs + outputs), most_panels, few_tiles, gemm_rows);
    parallel_tasks(cut.tasks(), [&](int64_t task) {
        const auto [begin, end] = cut.rows_of(task);
        const auto [first_panel, last_panel] = cut.panels_of(task);
        const WinogradRange tiles{begin, end};
        const WinogradRange group{first_panel * gemm_panel, std::min(outputs, last_panel * gemm_panel)};
        const InputsLayout rows(tiles.count(), inputs);
        const WinogradLayout products = planes(tiles.count(), group.count());
        const at::Tensor values = buffer(rows.size()), sums = buffer(winograd_values * tiles.count() * products.stride);
        float *scattered = values.mutable_data_ptr<float>(), *multiplied = sums.mutable_data_ptr<float>();
        for (int64_t part = 0; part < rows.parts; ++part) {
            winograd_scatter_inputs(from, grid, inputs, tiles, rows.part(part), padding, rows.layout(part), scattered);
        }
        const int64_t runs = (tiles.count() + gemm_rows - 1) / gemm_rows;
        for (int64_t value = 0; value < winograd_values; ++value) {
            for (int64_t part = 0; part < rows.parts; ++part) {
                const WinogradRange channels = rows.part(part);
                const bool is_last = part == rows.parts - 1;
                for (int64_t first = group.begin; first < group.end; first += gemm_panel) {
                    const int64_t width = std::min(gemm_panel, group.end - first);
                    const float *panel = matrices + (value * outputs + first) * inputs + channels.begin * width;
                    for (int64_t run = 0; run < runs; ++run) {
                        const int64_t row = tiles.count() * run / runs, next = tiles.count() * (run + 1) / runs;
                        float *out = multiplied + products.places[value] + row * products.stride + first - group.begin;
                        gemm_tile(GemmTile<float>{
                            .inputs = scattered + rows.place(value, part) + row * gemm_stride,
                            .panel = panel,
                            .rows = next - row,
                            .depth = channels.count(),
                            .width = width,
                            .sums = out,
                            .sums_stride = products.stride,
                            .is_continued = part > 0,
                            .out = is_last ? out : nullptr,
                            .stride = products.stride,
                            .bias = nullptr,
                            .addend = nullptr,
                            .relu = false,
                            .ahead = nullptr});
                    }
                }
            }
        }
        winograd_gather_outputs(multiplied, products, grid, outputs, tiles, group, offset, added, relu, into);
    });
    return result;
}

/// The gradient of the weight, `[O, C, 3, 3]`: of its 36 matrices first, each the product of the maps' values and the
/// gradients', summed over the tiles.
at::Tensor weight_gradient(const at::Tensor &map, const at::Tensor &gradient) {
    const int64_t inputs = map.size(1), outputs = gradient.size(1);
    const WinogradGrid grid(map.size(0), map.size(2), map.size(3));
    const at::Tensor zeros = at::zeros({std::max(inputs, outputs)}, at::kFloat);
    const at::Tensor sums = buffer(winograd_values * outputs * inputs);
    const float *x = elements<float>(map), *g = elements<float>(gradient), *padding = elements<float>(zeros);
    float *sum = sums.mutable_data_ptr<float>();
    // So many tiles at a time that their values stay in the cache that cores share, whatever the number of threads: the
    // order of the sums must not depend on it.
    constexpr int64_t cache = 16 << 20, grain = 8;
    const int64_t of_tile = winograd_values * (inputs + outputs) * int64_t{sizeof(float)};
    const int64_t most = std::max<int64_t>(64, cache / of_tile);
    const int64_t chunks = (grid.count() + most - 1) / most;
    const int64_t largest = (grid.count() + chunks - 1) / chunks;
    const at::Tensor left = buffer(winograd_values * largest * (outputs + gap));
    const at::Tensor right = buffer(winograd_values * largest * (inputs + gap));
    float *gradients = left.mutable_data_ptr<float>(), *values = right.mutable_data_ptr<float>();
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        const WinogradRange tiles{grid.count() * chunk / chunks, grid.count() * (chunk + 1) / chunks};
        const WinogradLayout of_gradients = planes(tiles.count(), outputs), of_values = planes(tiles.count(), inputs);
        parallel_ranges(tiles.count(), grain, [&](int64_t begin, int64_t end) {
            const WinogradRange some{tiles.begin + begin, tiles.begin + end};
            winograd_scatter_inputs(
                x, grid, inputs, some, {0, inputs}, padding, of_values, values + begin * of_values.stride);
            winograd_scatter_gradients(
                g, grid, outputs, some, padding, of_gradients, gradients + begin * of_gradients.stride);
        });
        constexpr int64_t outputs_of_task = 224;
        const int64_t blocks = (outputs + outputs_of_task - 1) / outputs_of_task;
        parallel_tasks(winograd_values * blocks, [&](int64_t task) {
            const int64_t value = task / blocks, block = task % blocks;
            const int64_t first = outputs * block / blocks, last = outputs * (block + 1) / blocks;
            std::vector<const float *> lines(tiles.count());
            for (int64_t i = 0; i < tiles.count(); ++i) {
                lines[i] = values + of_values.places[value] + i * of_values.stride;
            }
            constexpr int64_t depth = transposed_depth<float>;
            for (int64_t tile = 0; tile < tiles.count(); tile += depth) {
                multiply_transposed(TransposedProduct<float>{
                    .left = gradients + of_gradients.places[value] + tile * of_gradients.stride + first,
                    .left_stride = of_gradients.stride,
                    .right = lines.data() + tile,
                    .offset = 0,
                    .depth = std::min(depth, tiles.count() - tile),
                    .rows = last - first,
                    .columns = inputs,
                    .out = sum + (value * outputs + first) * inputs,
                    .out_stride = inputs,
                    .is_continued = chunk > 0 || tile > 0,
                    .left_ahead = nullptr,
                    .right_ahead = nullptr,
                });
            }
        });
    }
    const at::Tensor result =
        at::empty({outputs, inputs, 3, 3}, map.options().memory_format(at::MemoryFormat::ChannelsLast));
    float *into = result.mutable_data_ptr<float>();
    parallel_ranges(outputs, grain, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o) {
            winograd_weight_gradient(sum + o * inputs, outputs * inputs, inputs, into + o * 9 * inputs);
        }
    });
    return result;
}

class WinogradFunction : public torch::autograd::Function<WinogradFunction> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &map, const at::Tensor &weight,
        const std::optional<at::Tensor> &bias) {
        const at::Tensor x = map.contiguous(at::MemoryFormat::ChannelsLast);
        context->save_for_backward({RemadeMap::save(context, x), weight});
        context->saved_data["biased"] = bias.has_value();
        return convolve(x, panels_of(weight, false), weight.size(0), bias.value_or(at::Tensor()), {}, false);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "winograd_convolution has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor x = RemadeMap::load(context, saved[0]), &weight = saved[1];
        const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        torch::autograd::variable_list result(3);
        if (context->needs_input_grad(0)) {
            result[0] = convolve(gradient, panels_of(weight, true), weight.size(1), {}, {}, false);
        }
        if (context->needs_input_grad(1)) {
            result[1] = weight_gradient(x, gradient).contiguous(weight.suggest_memory_format());
        }
        if (context->saved_data["biased"].toBool() && context->needs_input_grad(2)) {
            result[2] = gradient.sum({0, 2, 3});
        }
        return result;
    }
};

}  // namespace

at::Tensor winograd_weight(const at::Tensor &weight) { return panels_of(weight, false); }

at::Tensor winograd_inference(
    const at::Tensor &map, const at::Tensor &weight, int64_t outputs, const at::Tensor &bias, const at::Tensor &addend,
    bool relu) {
    constexpr auto format = at::MemoryFormat::ChannelsLast;
    const at::Tensor added = addend.defined() ? addend.contiguous(format) : addend;
    return convolve(map.contiguous(format), weight, outputs, bias, added, relu);
}

std::vector<at::Tensor> winograd_convolution(
    const std::vector<at::Tensor> &maps, const at::Tensor &weight, const at::Tensor &bias, bool relu) {
    std::vector<at::Tensor> results;
    bool needs_gradient = weight.requires_grad() || (bias.defined() && bias.requires_grad());
    for (const at::Tensor &map : maps) needs_gradient = needs_gradient || map.requires_grad();
    if (at::GradMode::is_enabled() && needs_gradient) {
        TORCH_CHECK(!relu, "winograd_convolution: relu is for maps without gradient");
        const std::optional<at::Tensor> offset = bias.defined() ? std::make_optional(bias) : std::nullopt;
        for (const at::Tensor &map : maps) results.push_back(WinogradFunction::apply(map, weight, offset));
        return results;
    }
    const at::Tensor transformed = panels_of(weight, false);
    for (const at::Tensor &map : maps) {
        results.push_back(winograd_inference(map, transformed, weight.size(0), bias, {}, relu));
    }
    return results;
}

}  // namespace ctorch
