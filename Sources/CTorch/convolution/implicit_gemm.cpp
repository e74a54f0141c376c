#include "convolution/implicit_gemm.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <memory>
#include <type_traits>

#include "convolution/convolution_rows.hpp"
#include "core/guard.hpp"
#include "convolution/implicit_gemm_kernels.hpp"
#include "core/instructions.hpp"
#include "core/parallel.hpp"
#include "convolution/tile_gemm.hpp"
#include "core/elements.hpp"

namespace ctorch {
namespace {

bool all(const std::vector<int64_t> &values, int64_t value) {
    return std::all_of(values.begin(), values.end(), [=](int64_t v) { return v == value; });
}

}  // namespace

bool ConvolutionGeometry::is_pointwise(at::IntArrayRef weight) const {
    return all(weight.slice(2).vec(), 1) && all(stride, 1) && reads_no_padding();
}

bool ConvolutionGeometry::reads_no_padding() const { return all(padding, 0); }

std::vector<int64_t> ConvolutionGeometry::output_sizes(const at::Tensor &x, at::IntArrayRef weight) const {
    std::vector<int64_t> sizes{x.size(0), weight[0]};
    if (!extents.empty()) sizes.insert(sizes.end(), extents.begin(), extents.end());
    for (size_t i = extents.size(); i < stride.size(); ++i) {
        const int64_t reach = dilation[i] * (weight[i + 2] - 1) + 1;
        sizes.push_back((x.size(static_cast<int64_t>(i) + 2) + 2 * padding[i] - reach) / stride[i] + 1);
    }
    return sizes;
}

bool uses_tiles() { return has(Instructions::amx); }

namespace {

/// A weight's matrix `[O, taps · C]` in a type, with a zero behind each row where that leaves half a word.
template <typename T>
at::Tensor rows_of(const at::Tensor &weight) {
    at::Tensor rows = weight.detach().to(c10::CppTypeToScalarType<T>::value).movedim(1, -1).flatten(1);
    if (rows.size(1) % gemm_word<T> != 0) rows = at::constant_pad_nd(rows, {0, 1});
    return rows.contiguous();
}

/// Panels `[words, 32]` for each 32 of the outputs, from a matrix with a row of words for each output.
at::Tensor panels_of(const at::Tensor &rows) {
    const int64_t outputs = rows.size(0), words = rows.size(1) * rows.element_size() / 4;
    const auto *from = static_cast<const uint32_t *>(rows.const_data_ptr());
    at::Tensor packed = at::empty({rows.numel()}, rows.options());
    auto *into = static_cast<uint32_t *>(packed.mutable_data_ptr());
    parallel_tasks((outputs + gemm_panel - 1) / gemm_panel, [&](int64_t panel) {
        const int64_t first = panel * gemm_panel, width = std::min(gemm_panel, outputs - first);
        // Few lines at a time, so that the places which are written in turn stay in the first cache.
        constexpr int64_t few = 16;
        for (int64_t start = 0; start < words; start += few) {
            const int64_t end = std::min(words, start + few);
            for (int64_t o = 0; o < width; ++o) {
                const uint32_t *row = from + (first + o) * words;
                uint32_t *column = into + first * words + o;
                for (int64_t k = start; k < end; ++k) column[k * width] = row[k];
            }
        }
    });
    return packed;
}

at::Tensor turned_panels(const at::Tensor &weight, at::ScalarType type) {
    const int64_t outputs = weight.size(0), inputs = weight.size(1), taps = weight.numel() / (outputs * inputs);
    // [O, taps, C]
    const at::Tensor rows = weight.detach().to(type).movedim(1, -1).contiguous();
    at::Tensor packed = at::empty({weight.numel()}, rows.options().memory_format(at::MemoryFormat::Contiguous));
    const auto pack = [&]<typename T>(T) {
        const auto *from = static_cast<const T *>(rows.const_data_ptr());
        auto *into = static_cast<T *>(packed.mutable_data_ptr());
        parallel_tasks((inputs + gemm_panel - 1) / gemm_panel, [&](int64_t panel) {
            const int64_t first = panel * gemm_panel, width = std::min(gemm_panel, inputs - first);
            T *line = into + first * taps * outputs;
            for (int64_t tap = taps; tap-- > 0;) {
                for (int64_t o = 0; o < outputs; o += gemm_word<T>) {
                    const T *row = from + (o * taps + tap) * inputs + first;
                    if constexpr (gemm_word<T> == 1) {
                        std::copy_n(row, width, line);
                    } else {
                        const T *next = row + taps * inputs;
                        for (int64_t i = 0; i < width; ++i) {
                            line[2 * i] = row[i];
                            line[2 * i + 1] = next[i];
                        }
                    }
                    line += width * gemm_word<T>;
                }
            }
        });
    };
    type == at::kFloat ? pack(float()) : pack(Bfloat16Bits());
    return packed;
}

template <typename T>
at::Tensor multiply(
    const at::Tensor &x, const at::Tensor &packed, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry,
    const at::Tensor &bias, const at::Tensor &addend, bool relu) {
    const auto format = channels_last_of(x);
    const at::Tensor input = x.contiguous(format);
    const std::vector<int64_t> sizes = geometry.output_sizes(input, weight_sizes);
    const at::Tensor out = at::empty(sizes, input.options().memory_format(format));
    const Rows<T> rows(input, weight_sizes, sizes, geometry);
    const int64_t outputs = out.size(1), words = (rows.depth + gemm_word<T> - 1) / gemm_word<T>;
    const Cut cut(out.numel() / outputs, (outputs + gemm_panel - 1) / gemm_panel, 8 * gemm_rows, 16, 2 * gemm_rows, 1);
    const T *weight = static_cast<const T *>(packed.const_data_ptr());
    const at::Tensor offsets = bias.defined() ? bias.to(at::kFloat).contiguous() : bias;
    const float *offset = offsets.defined() ? elements<float>(offsets) : nullptr;
    const at::Tensor other = addend.defined() ? addend.contiguous(format) : addend;
    const T *added = other.defined() ? static_cast<const T *>(other.const_data_ptr()) : nullptr;
    T *into = static_cast<T *>(out.mutable_data_ptr());
    const int64_t passes = (words + gemm_words - 1) / gemm_words, threads = at::get_num_threads();
    parallel_tasks(cut.tasks(), [&](int64_t task) {
        const auto [begin, end] = cut.rows_of(task);
        const auto [first_panel, last_panel] = cut.panels_of(task);
        const int64_t tiles = (end - begin + gemm_rows - 1) / gemm_rows, stride = gemm_stride * gemm_word<T>;
        // The pixels of a task that this thread may take next, as tasks are handed out in turn; from there on they are fetched
        // from memory while this one multiplies.
        const T *later = nullptr, *end_of_later = nullptr;
        if (rows.is_pointwise && task + threads < cut.tasks()) {
            const auto [next_begin, next_end] = cut.rows_of(task + threads);
            if (next_begin != begin) {
                later = rows.pixels + next_begin * rows.channels;
                end_of_later = rows.pixels + next_end * rows.channels;
            }
        }
        const std::unique_ptr<T[]> gathered(new T[(end - begin) * stride]);
        // Between the passes, sums of float32 lie where the result will.
        const int64_t width_of_group = (last_panel - first_panel) * gemm_panel;
        std::unique_ptr<float[]> room;
        if (passes > 1 && gemm_word < T >> 1) room.reset(new float[(end - begin) * width_of_group]);
        for (int64_t pass = 0; pass < passes; ++pass) {
            const int64_t first = words * pass / passes, last = words * (pass + 1) / passes;
            const int64_t first_number = first * gemm_word<T>, last_number = std::min(rows.depth, last * gemm_word<T>);
            auto place = rows.place_of(begin);
            for (int64_t row = begin; row < end; ++row, rows.advance(place)) {
                T *line = gathered.get() + (row - begin) * stride;
                rows.gather(place, first_number, last_number, line);
                if (last * gemm_word < T >> last_number) line[last_number - first_number] = T(0);
            }
            const bool is_last = pass == passes - 1;
            for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                const int64_t output = panel * gemm_panel, width = std::min(gemm_panel, outputs - output);
                for (int64_t tile = 0; tile < tiles; ++tile) {
                    const int64_t row = (end - begin) * tile / tiles, next = (end - begin) * (tile + 1) / tiles;
                    const int64_t at = (begin + row) * outputs + output;
                    GemmTile<T> product{
                        .inputs = gathered.get() + row * stride,
                        .panel = weight + (output * words + first * width) * gemm_word<T>,
                        .rows = next - row,
                        .depth = last - first,
                        .width = width,
                        .sums = nullptr,
                        .sums_stride = outputs,
                        .is_continued = pass > 0,
                        .out = is_last ? into + at : nullptr,
                        .stride = outputs,
                        .bias = is_last && offset != nullptr ? offset + output : nullptr,
                        .addend = is_last && added != nullptr ? added + at : nullptr,
                        .relu = is_last && relu,
                        .ahead = nullptr,
                    };
                    if constexpr (std::is_same_v<T, float>) {
                        product.sums = into + at;
                    } else if (passes > 1) {
                        product.sums = room.get() + row * width_of_group + (panel - first_panel) * gemm_panel;
                        product.sums_stride = width_of_group;
                    }
                    // The next panel, a half in each of the first two tiles.
                    if (panel + 1 < last_panel && tile < 2) {
                        const int64_t ahead = first * gemm_panel + tile * (last - first) * 16;
                        product.ahead = weight + ((output + width) * words + ahead) * gemm_word<T>;
                    } else if (later < end_of_later) {
                        product.ahead = later;
                        later += product.depth * 16 * gemm_word<T>;
                    }
                    gemm_tile(product);
                }
            }
        }
    });
    return out;
}

}  // namespace

at::Tensor implicit_gemm_weight(const at::Tensor &weight, at::ScalarType type, bool with_tiles) {
    if (with_tiles) return tiled_weight(weight.detach().to(type));
    return panels_of(type == at::kFloat ? rows_of<float>(weight) : rows_of<at::BFloat16>(weight));
}

at::Tensor implicit_gemm_turned_weight(const at::Tensor &weight, at::ScalarType type) {
    return uses_tiles() ? tiled_turned_weight(weight.detach().to(type)) : turned_panels(weight, type);
}

at::Tensor implicit_gemm(
    const at::Tensor &x, const at::Tensor &packed, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry,
    const at::Tensor &bias, const at::Tensor &addend, bool relu, bool has_tiles_in_place) {
    if (is_tiled(packed)) {
        return tile_gemm(x, packed, weight_sizes, geometry, bias, addend, relu, has_tiles_in_place);
    }
    return x.scalar_type() == at::kFloat
        ? multiply<float>(x, packed, weight_sizes, geometry, bias, addend, relu)
        : multiply<Bfloat16Bits>(x, packed, weight_sizes, geometry, bias, addend, relu);
}

}  // namespace ctorch
