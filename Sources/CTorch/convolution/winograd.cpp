#include "convolution/winograd.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>

#include "core/simd.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "core/elements.hpp"
#include "normalized_sum/remade_map.hpp"

// Shapes: a map is cut into tiles of 4×4 outputs, each made from 6×6 inputs. A tile has 36 values a channel in the
// transformed domain, where the convolution is 36 products of matrices: `[36, tiles, C] · [36, C, O]`.

namespace ctorch {
namespace {

constexpr int64_t lanes = Vector<float>::count;
using Values = Lanes<float>;

/// The tiles of maps `[N, H, W, channels]`.
struct Grid {
    int64_t images, height, width, rows, columns;

    Grid(int64_t images, int64_t height, int64_t width)
        : images(images), height(height), width(width), rows((height + 3) / 4), columns((width + 3) / 4) {}

    int64_t count() const { return images * rows * columns; }
};

/// Where a tile's outputs begin.
struct Place {
    int64_t image, y, x;
};

CTORCH_INLINE Place place_of(const Grid &grid, int64_t tile) {
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

/// The pixels of a square of a map, row by row from (y − margin, x − margin) on; `zeros` outside.
CTORCH_INLINE void window(
    const float *map, const Grid &grid, const Place &place, int64_t channels, int64_t margin, int64_t side,
    const float *zeros, const float **pixels) {
    for (int64_t i = 0; i < side; ++i) {
        for (int64_t j = 0; j < side; ++j) {
            const int64_t y = place.y + i - margin, x = place.x + j - margin;
            const bool inside = y >= 0 && y < grid.height && x >= 0 && x < grid.width;
            pixels[i * side + j] = inside ? map + ((place.image * grid.height + y) * grid.width + x) * channels : zeros;
        }
    }
}

/// Transforms the inputs of the tiles first..<last to their 36 values, `[36, tiles, channels]` from `out` on.
CTORCH_CLONES void scatter_inputs(
    const float *map, const Grid &grid, int64_t channels, const float *zeros, int64_t base, int64_t first, int64_t last,
    int64_t plane, float *out) {
    for (int64_t tile = first; tile < last; ++tile) {
        const float *pixels[36];
        window(map, grid, place_of(grid, tile), channels, 1, 6, zeros, pixels);
        float *target = out + (tile - base) * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
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
                for (int j = 0; j < 6; ++j) store(target + (6 * i + j) * plane + c, transformed[j]);
            }
        }
    }
}

/// Transforms the gradients of tiles' outputs to their 36 values.
CTORCH_CLONES void scatter_gradients(
    const float *map, const Grid &grid, int64_t channels, const float *zeros, int64_t base, int64_t first, int64_t last,
    int64_t plane, float *out) {
    for (int64_t tile = first; tile < last; ++tile) {
        const float *pixels[16];
        window(map, grid, place_of(grid, tile), channels, 0, 4, zeros, pixels);
        float *target = out + (tile - base) * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
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
                for (int j = 0; j < 6; ++j) store(target + (6 * i + j) * plane + c, transformed[j]);
            }
        }
    }
}

/// Transforms the 36 values of tiles back to their outputs.
CTORCH_CLONES void gather_outputs(
    const float *values, int64_t plane, int64_t base, int64_t first, int64_t last, const Grid &grid, int64_t channels,
    const float *bias, bool relu, float *map) {
    for (int64_t tile = first; tile < last; ++tile) {
        const Place place = place_of(grid, tile);
        const float *source = values + (tile - base) * channels;
        const int64_t height = std::min<int64_t>(4, grid.height - place.y);
        const int64_t width = std::min<int64_t>(4, grid.width - place.x);
        float *corner = map + ((place.image * grid.height + place.y) * grid.width + place.x) * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
            Values offset = {};
            if (bias != nullptr) load(offset, bias + c);
            Values rows[4][6];
            for (int j = 0; j < 6; ++j) {
                Values column[6], transformed[4];
                for (int i = 0; i < 6; ++i) load(column[i], source + (6 * i + j) * plane + c);
                transform_output(column, transformed);
                for (int i = 0; i < 4; ++i) rows[i][j] = transformed[i];
            }
            for (int64_t i = 0; i < height; ++i) {
                Values transformed[4];
                transform_output(rows[i], transformed);
                for (int64_t j = 0; j < width; ++j) {
                    Values y = transformed[j] + offset;
                    if (relu) y = __builtin_elementwise_max(y, Values(0));
                    store(corner + (i * grid.width + j) * channels + c, y);
                }
            }
        }
    }
}

/// How many tiles are transformed and multiplied at a time, so that their values stay in the cache.
int64_t chunk_size(int64_t channels) {
    constexpr int64_t cache = 16 << 20;
    return std::max<int64_t>(64, cache / (36 * channels * static_cast<int64_t>(sizeof(float))));
}

constexpr int64_t grain = 8;

/// Calls `body(base, end)` for runs of tiles of nearly equal length, none longer than `limit`.
template <typename Body>
void for_each_chunk(int64_t count, int64_t limit, const Body &body) {
    const int64_t chunks = (count + limit - 1) / limit;
    for (int64_t i = 0; i < chunks; ++i) body(count * i / chunks, count * (i + 1) / chunks);
}

at::Tensor transform_inputs(const at::Tensor &map, const Grid &grid, int64_t base, int64_t end, const float *zeros) {
    const int64_t channels = map.size(1), plane = (end - base) * channels;
    at::Tensor values =
        at::empty({36, end - base, channels}, map.options().memory_format(at::MemoryFormat::Contiguous));
    const float *from = elements<float>(map);
    float *into = values.mutable_data_ptr<float>();
    parallel_ranges(end - base, grain, [&](int64_t first, int64_t last) {
        scatter_inputs(from, grid, channels, zeros, base, base + first, base + last, plane, into);
    });
    return values;
}

at::Tensor transform_gradients(const at::Tensor &map, const Grid &grid, int64_t base, int64_t end, const float *zeros) {
    const int64_t channels = map.size(1), plane = (end - base) * channels;
    at::Tensor values =
        at::empty({36, end - base, channels}, map.options().memory_format(at::MemoryFormat::Contiguous));
    const float *from = elements<float>(map);
    float *into = values.mutable_data_ptr<float>();
    parallel_ranges(end - base, grain, [&](int64_t first, int64_t last) {
        scatter_gradients(from, grid, channels, zeros, base, base + first, base + last, plane, into);
    });
    return values;
}

/// G ⊗ G of the paper, `[36, 9]`: takes a kernel to the transformed domain.
at::Tensor kernel_transform() {
    const at::Tensor g = at::tensor(
                             {1.0 / 4, 0.0, 0.0, -1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6, 1.0 / 6, -1.0 / 6, 1.0 / 24,
                              1.0 / 12, 1.0 / 6, 1.0 / 24, -1.0 / 12, 1.0 / 6, 0.0, 0.0, 1.0},
                             at::kDouble)
                             .view({6, 3});
    return at::kron(g, g).to(at::kFloat);
}

/// A weight `[O, C, 3, 3]` as `[36, C, O]`.
at::Tensor transform_weight(const at::Tensor &weight) {
    const int64_t outputs = weight.size(0), inputs = weight.size(1);
    return at::mm(kernel_transform(), weight.permute({2, 3, 1, 0}).reshape({9, inputs * outputs}))
        .view({36, inputs, outputs});
}

at::Tensor convolve(const at::Tensor &map, const at::Tensor &kernel, const at::Tensor &bias, bool relu) {
    const Grid grid(map.size(0), map.size(2), map.size(3));
    const int64_t inputs = kernel.size(1), outputs = kernel.size(2);
    at::Tensor result = at::empty(
        {grid.images, outputs, grid.height, grid.width}, map.options().memory_format(at::MemoryFormat::ChannelsLast));
    const std::vector<float> zeros(inputs, 0);
    const float *offset = bias.defined() ? elements<float>(bias) : nullptr;
    float *into = result.mutable_data_ptr<float>();
    for_each_chunk(grid.count(), chunk_size(inputs + outputs), [&](int64_t base, int64_t end) {
        const at::Tensor products = at::bmm(transform_inputs(map, grid, base, end, zeros.data()), kernel);
        const float *values = elements<float>(products);
        parallel_ranges(end - base, grain, [&](int64_t first, int64_t last) {
            gather_outputs(
                values, (end - base) * outputs, base, base + first, base + last, grid, outputs, offset, relu, into);
        });
    });
    return result;
}

/// The gradient of the weight, `[O, C, 3, 3]`.
at::Tensor weight_gradient(const at::Tensor &map, const at::Tensor &gradient) {
    const Grid grid(map.size(0), map.size(2), map.size(3));
    const int64_t inputs = map.size(1), outputs = gradient.size(1);
    const std::vector<float> zeros(std::max(inputs, outputs), 0);
    at::Tensor sum;
    for_each_chunk(grid.count(), 2 * chunk_size(inputs + outputs), [&](int64_t base, int64_t end) {
        const at::Tensor values = transform_inputs(map, grid, base, end, zeros.data()).transpose(1, 2);
        const at::Tensor gradients = transform_gradients(gradient, grid, base, end, zeros.data());
        if (sum.defined()) {
            sum.baddbmm_(values, gradients);
        } else {
            sum = at::bmm(values, gradients);
        }
    });
    return at::mm(kernel_transform().t(), sum.view({36, inputs * outputs}))
        .view({3, 3, inputs, outputs})
        .permute({3, 2, 0, 1});
}

class WinogradFunction : public torch::autograd::Function<WinogradFunction> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &map, const at::Tensor &weight,
        const std::optional<at::Tensor> &bias) {
        const at::Tensor x = map.contiguous(at::MemoryFormat::ChannelsLast);
        context->save_for_backward({RemadeMap::save(context, x), weight});
        context->saved_data["biased"] = bias.has_value();
        return convolve(x, transform_weight(weight), bias.value_or(at::Tensor()), false);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "winograd_convolution has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor x = RemadeMap::load(context, saved[0]), &weight = saved[1];
        const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        torch::autograd::variable_list result(3);
        if (context->needs_input_grad(0)) {
            const at::Tensor turned = transform_weight(weight.flip({2, 3}).transpose(0, 1));
            result[0] = convolve(gradient, turned, {}, false);
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

at::Tensor winograd_weight(const at::Tensor &weight) { return transform_weight(weight); }

at::Tensor winograd_inference(const at::Tensor &map, const at::Tensor &kernel, const at::Tensor &bias, bool relu) {
    return convolve(map.contiguous(at::MemoryFormat::ChannelsLast), kernel, bias, relu);
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
    const at::Tensor kernel = transform_weight(weight);
    for (const at::Tensor &map : maps) {
        results.push_back(convolve(map.contiguous(at::MemoryFormat::ChannelsLast), kernel, bias, relu));
    }
    return results;
}

}  // namespace ctorch
