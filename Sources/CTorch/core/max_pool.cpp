#include "core/max_pool.hpp"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>

#include "core/elements.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "core/simd.hpp"

namespace ctorch {
namespace {

constexpr int64_t lanes = Vector<float>::count;
using Values = Lanes<float>;
typedef int32_t Words __attribute__((ext_vector_type(16)));
/// Places in a window, one for each channel.
typedef uint8_t Taps __attribute__((ext_vector_type(16)));

/// One axis of space.
struct Axis {
    int64_t input, output, kernel, stride, padding;

    int64_t start(int64_t out) const { return out * stride - padding; }
    /// The windows that hold an input, first..<last.
    int64_t first(int64_t in) const { return std::max<int64_t>(0, (in + padding - kernel + stride) / stride); }
    int64_t last(int64_t in) const { return std::min(output, (in + padding) / stride + 1); }
};

/// A map `[N, T, H, W, C]` and its windows; an image has a time of one.
struct Pooling {
    Axis t, y, x;
    int64_t channels;
};

CTORCH_INLINE void store_values(float *into, const Values &from) { store(into, from); }
CTORCH_INLINE void store_values(Bfloat16Bits *into, const Values &from) {
    Halves halves;
    round_to_bfloat16(halves, from);
    std::memcpy(into, &halves, sizeof halves);
}

/// The outputs of one line and, for each, the place of its largest value in its window. Of equal values the first counts, and
/// NaN before any other, as in libtorch.
template <typename T>
CTORCH_INLINE void pool_line(
    const Pooling &pooling, const T *image, int64_t out_t, int64_t out_y, T *out, uint8_t *taps) {
    const auto &[t, y, x, channels] = pooling;
    for (int64_t out_x = 0; out_x < x.output; ++out_x) {
        for (int64_t c = 0; c < channels; c += lanes) {
            Values best = Values(-std::numeric_limits<float>::infinity());
            Words place = Words(-1);
            for (int64_t i = 0; i < t.kernel; ++i) {
                const int64_t in_t = t.start(out_t) + i;
                if (in_t < 0 || in_t >= t.input) continue;
                for (int64_t j = 0; j < y.kernel; ++j) {
                    const int64_t in_y = y.start(out_y) + j;
                    if (in_y < 0 || in_y >= y.input) continue;
                    for (int64_t k = 0; k < x.kernel; ++k) {
                        const int64_t in_x = x.start(out_x) + k;
                        if (in_x < 0 || in_x >= x.input) continue;
                        Values value;
                        load_values(value, image + ((in_t * y.input + in_y) * x.input + in_x) * channels + c);
                        const Words tap = Words(static_cast<int32_t>((i * y.kernel + j) * x.kernel + k));
                        const auto takes = (value > best) | (value != value) | (place < 0);
                        best = takes ? value : best;
                        place = takes ? tap : place;
                    }
                }
            }
            store_values(out + out_x * channels + c, best);
            const Taps bytes = __builtin_convertvector(place, Taps);
            std::memcpy(taps + out_x * channels + c, &bytes, sizeof bytes);
        }
    }
}

/// The gradient of one line of inputs: what the windows that hold an input give it.
template <typename T>
CTORCH_INLINE void unpool_line(
    const Pooling &pooling, const T *upstream, const uint8_t *taps, int64_t in_t, int64_t in_y, T *gradient) {
    const auto &[t, y, x, channels] = pooling;
    for (int64_t in_x = 0; in_x < x.input; ++in_x) {
        for (int64_t c = 0; c < channels; c += lanes) {
            Values sum = Values(0);
            for (int64_t i = t.first(in_t); i < t.last(in_t); ++i) {
                for (int64_t j = y.first(in_y); j < y.last(in_y); ++j) {
                    for (int64_t k = x.first(in_x); k < x.last(in_x); ++k) {
                        const int64_t at = ((i * y.output + j) * x.output + k) * channels + c;
                        const int64_t tap =
                            ((in_t - t.start(i)) * y.kernel + in_y - y.start(j)) * x.kernel + in_x - x.start(k);
                        Taps bytes;
                        std::memcpy(&bytes, taps + at, sizeof bytes);
                        Values g;
                        load_values(g, upstream + at);
                        const Words here = __builtin_convertvector(bytes, Words) == Words(static_cast<int32_t>(tap));
                        sum += here ? g : Values(0);
                    }
                }
            }
            store_values(gradient + in_x * channels + c, sum);
        }
    }
}

// A function for several instruction sets can't be a template.
CTORCH_CLONES void pool(const Pooling &p, const float *image, int64_t t, int64_t y, float *out, uint8_t *taps) {
    pool_line(p, image, t, y, out, taps);
}
CTORCH_CLONES void pool(
    const Pooling &p, const Bfloat16Bits *image, int64_t t, int64_t y, Bfloat16Bits *out, uint8_t *taps) {
    pool_line(p, image, t, y, out, taps);
}
CTORCH_CLONES void unpool(
    const Pooling &p, const float *upstream, const uint8_t *taps, int64_t t, int64_t y, float *gradient) {
    unpool_line(p, upstream, taps, t, y, gradient);
}
CTORCH_CLONES void unpool(
    const Pooling &p, const Bfloat16Bits *upstream, const uint8_t *taps, int64_t t, int64_t y, Bfloat16Bits *gradient) {
    unpool_line(p, upstream, taps, t, y, gradient);
}

Axis axis_of(int64_t input, const PoolingWindow &window, size_t place) {
    const int64_t kernel = window.kernel[place], stride = window.stride[place], padding = window.padding[place];
    const int64_t room = input + 2 * padding - kernel;
    int64_t output = (room + (window.ceil_mode ? stride - 1 : 0)) / stride + 1;
    // A last window begins inside of the input or of the padding before it.
    if (window.ceil_mode && (output - 1) * stride >= input + padding) --output;
    return {input, output, kernel, stride, padding};
}

Pooling pooling_of(at::IntArrayRef sizes, const PoolingWindow &window) {
    const size_t rank = window.kernel.size();
    return {
        rank == 3 ? axis_of(sizes[2], window, 0) : Axis{1, 1, 1, 1, 0}, axis_of(sizes[rank], window, rank - 2),
        axis_of(sizes[rank + 1], window, rank - 1), sizes[1]};
}

/// Calls `body` with a number of the map's type, for its type.
template <typename Body>
void with_type(const at::Tensor &map, const Body &body) {
    map.scalar_type() == at::kFloat ? body(float()) : body(Bfloat16Bits());
}

class MaxPool : public torch::autograd::Function<MaxPool> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const PoolingWindow &window) {
        const Pooling pooling = pooling_of(x.sizes(), window);
        std::vector<int64_t> sizes{x.size(0), x.size(1), pooling.y.output, pooling.x.output};
        if (x.dim() == 5) sizes.insert(sizes.begin() + 2, pooling.t.output);
        const at::Tensor out = at::empty(sizes, x.options().memory_format(channels_last_of(x)));
        const at::Tensor taps = at::empty({out.numel()}, at::kByte);
        auto *places = taps.mutable_data_ptr<uint8_t>();
        with_type(x, [&]<typename T>(T) {
            const auto *from = static_cast<const T *>(x.const_data_ptr());
            auto *into = static_cast<T *>(out.mutable_data_ptr());
            const int64_t lines = pooling.t.output * pooling.y.output, line = pooling.x.output * pooling.channels;
            parallel_tasks(x.size(0) * lines, [&](int64_t task) {
                const int64_t image = task / lines, t = task % lines / pooling.y.output, y = task % pooling.y.output;
                pool(pooling, from + image * (x.numel() / x.size(0)), t, y, into + task * line, places + task * line);
            });
        });
        context->save_for_backward({taps});
        context->saved_data["sizes"] = x.sizes().vec();
        context->saved_data["kernel"] = window.kernel;
        context->saved_data["stride"] = window.stride;
        context->saved_data["padding"] = window.padding;
        context->saved_data["ceil_mode"] = window.ceil_mode;
        return out;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &upstream) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "this max pooling has no second derivative");
        const at::Tensor taps = context->get_saved_variables()[0];
        const auto ints = [&](const char *name) { return context->saved_data.at(name).toIntVector(); };
        const std::vector<int64_t> sizes = ints("sizes");
        const PoolingWindow window{
            ints("kernel"), ints("stride"), ints("padding"), context->saved_data.at("ceil_mode").toBool()};
        const Pooling pooling = pooling_of(sizes, window);
        const at::MemoryFormat format = channels_last_of(upstream[0]);
        const at::Tensor g = upstream[0].contiguous(format);
        const at::Tensor gradient = at::empty(sizes, g.options().memory_format(format));
        const auto *places = elements<uint8_t>(taps);
        with_type(g, [&]<typename T>(T) {
            const auto *from = static_cast<const T *>(g.const_data_ptr());
            auto *into = static_cast<T *>(gradient.mutable_data_ptr());
            const int64_t lines = pooling.t.input * pooling.y.input, line = pooling.x.input * pooling.channels;
            const int64_t outputs = g.numel() / g.size(0);
            parallel_tasks(g.size(0) * lines, [&](int64_t task) {
                const int64_t image = task / lines, t = task % lines / pooling.y.input, y = task % pooling.y.input;
                unpool(pooling, from + image * outputs, places + image * outputs, t, y, into + task * line);
            });
        });
        return {gradient, at::Tensor()};
    }
};

}  // namespace

bool max_pool_applies(const at::Tensor &x, const PoolingWindow &window) {
    const auto rank = static_cast<int64_t>(window.kernel.size());
    const bool fits = is_native(x) && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
        x.dim() == rank + 2 && x.numel() > 0 && x.size(1) % lanes == 0 && x.is_contiguous(channels_last_of(x));
    if (!fits || !at::GradMode::is_enabled() || !x.requires_grad()) return false;
    int64_t positions = 1;
    for (int64_t i = 0; i < rank; ++i) {
        const int64_t kernel = window.kernel[i], stride = window.stride[i], padding = window.padding[i];
        if (kernel < 1 || stride < 1 || padding < 0 || 2 * padding > kernel) return false;
        if (x.size(i + 2) + 2 * padding < kernel) return false;
        positions *= kernel;
    }
    return positions <= std::numeric_limits<uint8_t>::max();
}

at::Tensor max_pool(const at::Tensor &x, const PoolingWindow &window) { return MaxPool::apply(x, window); }

}  // namespace ctorch
