#include "convolution/implicit_gemm.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "convolution/convolution_rows.hpp"
#include "core/guard.hpp"
#include "convolution/implicit_gemm_kernels.hpp"
#include "core/parallel.hpp"
#include "convolution/tile_gemm.hpp"
#include "convolution/tile_unit.hpp"
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

namespace {

std::atomic<bool> tiles_are_allowed{true};

}  // namespace

bool uses_tiles() { return tiles_are_allowed.load(std::memory_order_relaxed) && tiles_are_present(); }

void allow_tiles(bool allowed) { tiles_are_allowed = allowed; }

at::Tensor implicit_gemm_weight(const at::Tensor &weight, bool with_tiles) {
    if (with_tiles) return tiled_weight(weight);
    const int64_t outputs = weight.size(0), depth = weight.numel() / outputs;
    // [O, taps · C]
    const at::Tensor rows = weight.detach().movedim(1, -1).contiguous();
    const float *from = elements<float>(rows);
    at::Tensor packed = at::empty({outputs * depth}, weight.options().memory_format(at::MemoryFormat::Contiguous));
    float *into = packed.mutable_data_ptr<float>();
    parallel_tasks((outputs + gemm_panel - 1) / gemm_panel, [&](int64_t panel) {
        const int64_t first = panel * gemm_panel, width = std::min(gemm_panel, outputs - first);
        // Few lines at a time, so that the places which are written in turn stay in the first cache.
        constexpr int64_t few = 16;
        for (int64_t start = 0; start < depth; start += few) {
            const int64_t end = std::min(depth, start + few);
            for (int64_t o = 0; o < width; ++o) {
                const float *row = from + (first + o) * depth;
                float *column = into + first * depth + o;
                for (int64_t k = start; k < end; ++k) column[k * width] = row[k];
            }
        }
    });
    return packed;
}

at::Tensor implicit_gemm_turned_weight(const at::Tensor &weight) {
    if (uses_tiles()) return tiled_turned_weight(weight);
    const int64_t outputs = weight.size(0), inputs = weight.size(1), taps = weight.numel() / (outputs * inputs);
    // [O, taps, C]
    const at::Tensor rows = weight.detach().movedim(1, -1).contiguous();
    const float *from = elements<float>(rows);
    at::Tensor packed = at::empty({weight.numel()}, weight.options().memory_format(at::MemoryFormat::Contiguous));
    float *into = packed.mutable_data_ptr<float>();
    parallel_tasks((inputs + gemm_panel - 1) / gemm_panel, [&](int64_t panel) {
        const int64_t first = panel * gemm_panel, width = std::min(gemm_panel, inputs - first);
        float *line = into + first * taps * outputs;
        for (int64_t tap = taps; tap-- > 0;) {
            for (int64_t o = 0; o < outputs; ++o) {
                std::copy_n(from + (o * taps + tap) * inputs + first, width, line);
                line += width;
            }
        }
    });
    return packed;
}

at::Tensor implicit_gemm(
    const at::Tensor &x, const at::Tensor &packed, at::IntArrayRef weight_sizes, const ConvolutionGeometry &geometry,
    const at::Tensor &bias, const at::Tensor &addend, bool relu, bool has_tiles_in_place) {
    if (is_tiled(packed)) {
        return tile_gemm(x, packed, weight_sizes, geometry, bias, addend, relu, has_tiles_in_place);
    }
    const auto format = channels_last_of(x);
    const at::Tensor input = x.contiguous(format);
    const std::vector<int64_t> sizes = geometry.output_sizes(input, weight_sizes);
    const at::Tensor out = at::empty(sizes, input.options().memory_format(format));
    const Rows<float> rows(input, weight_sizes, sizes, geometry);
    const int64_t outputs = out.size(1);
    const Cut cut(out.numel() / outputs, (outputs + gemm_panel - 1) / gemm_panel, 8 * gemm_rows, 16, 2 * gemm_rows, 1);
    const float *weight = elements<float>(packed);
    const float *offset = bias.defined() ? elements<float>(bias) : nullptr;
    const at::Tensor other = addend.defined() ? addend.contiguous(format) : addend;
    const float *added = other.defined() ? elements<float>(other) : nullptr;
    float *into = out.mutable_data_ptr<float>();
    const int64_t passes = (rows.depth + gemm_depth - 1) / gemm_depth;
    parallel_tasks(cut.tasks(), [&](int64_t task) {
        const auto [begin, end] = cut.rows_of(task);
        const auto [first_panel, last_panel] = cut.panels_of(task);
        const int64_t tiles = (end - begin + gemm_rows - 1) / gemm_rows;
        const std::unique_ptr<float[]> gathered(new float[(end - begin) * gemm_stride]);
        for (int64_t pass = 0; pass < passes; ++pass) {
            const int64_t first = rows.depth * pass / passes, last = rows.depth * (pass + 1) / passes;
            auto place = rows.place_of(begin);
            for (int64_t row = begin; row < end; ++row, rows.advance(place)) {
                rows.gather(place, first, last, gathered.get() + (row - begin) * gemm_stride);
            }
            const bool is_last = pass == passes - 1;
            for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                const int64_t output = panel * gemm_panel, width = std::min(gemm_panel, outputs - output);
                for (int64_t tile = 0; tile < tiles; ++tile) {
                    const int64_t row = (end - begin) * tile / tiles, next = (end - begin) * (tile + 1) / tiles;
                    const int64_t at = (begin + row) * outputs + output;
                    gemm_tile({
                        .inputs = gathered.get() + row * gemm_stride,
                        .panel = weight + output * rows.depth + first * width,
                        .rows = next - row,
                        .depth = last - first,
                        .width = width,
                        .out = into + at,
                        .stride = outputs,
                        .is_continued = pass > 0,
                        .bias = is_last && offset != nullptr ? offset + output : nullptr,
                        .addend = is_last && added != nullptr ? added + at : nullptr,
                        .relu = is_last && relu,
                        // The next panel, a half in each of the first two tiles.
                        .ahead = panel + 1 < last_panel && tile < 2
                            ? weight + (output + width) * rows.depth + first * gemm_panel + tile * (last - first) * 16
                            : nullptr,
                    });
                }
            }
        }
    });
    return out;
}

}  // namespace ctorch
