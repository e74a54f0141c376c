#include "implicit_gemm.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>

#include <algorithm>
#include <array>
#include <memory>

#include "guard.hpp"
#include "implicit_gemm_kernels.hpp"
#include "parallel.hpp"

namespace ctorch {
namespace {

bool all(const std::vector<int64_t> &values, int64_t value) {
    return std::all_of(values.begin(), values.end(), [=](int64_t v) { return v == value; });
}

/// Time, height and width; an image has a time of one.
struct Extents {
    int64_t t, y, x;

    static Extents of(at::IntArrayRef values, int64_t missing) {
        return values.size() == 3 ? Extents{values[0], values[1], values[2]} : Extents{missing, values[0], values[1]};
    }
};

/// The rows of the matrix that a map is convolved as: one for each output position, `taps × channels` long.
class Rows {
public:
    const int64_t channels, depth;

    Rows(const at::Tensor &x, at::IntArrayRef weight, at::IntArrayRef output, const ConvolutionGeometry &geometry)
        : channels(x.size(1)),
          depth(channels * c10::multiply_integers(weight.slice(2))),
          input(Extents::of(x.sizes().slice(2), 1)),
          output(Extents::of(output.slice(2), 1)),
          kernel(Extents::of(weight.slice(2), 1)),
          stride(Extents::of(geometry.stride, 1)),
          padding(Extents::of(geometry.padding, 0)),
          dilation(Extents::of(geometry.dilation, 1)),
          // Neighbours in a row of the kernel are neighbours in memory.
          together(dilation.x == 1 ? kernel.x : 1),
          pixels(x.const_data_ptr<float>()),
          is_pointwise(geometry.is_pointwise(weight)) {}

    /// first..<last of a row's numbers.
    void gather(int64_t row, int64_t first, int64_t last, float *into) const {
        if (is_pointwise) {
            gemm_copy(pixels + row * channels + first, last - first, into);
            return;
        }
        const Place place = place_of(row);
        const int64_t run = together * channels, runs = kernel.x / together;
        const bool is_inside = place.x >= 0 && place.x + kernel.x <= input.x && place.y >= 0 &&
            place.y + (kernel.y - 1) * dilation.y < input.y && kernel.t == 1 && place.t >= 0 && place.t < input.t;
        if (is_inside && runs == 1 && last - first == depth) {
            const float *corner = pixels + (((place.image * input.t + place.t) * input.y + place.y) * input.x + place.x) * channels;
            gemm_copy_lines(corner, kernel.y, dilation.y * input.x * channels, run, into);
            return;
        }
        // Divided once, then counted on: divisions would take as long as the product.
        int64_t index = first / run, offset = first % run;
        int64_t kx = index % runs, ky = index / runs % kernel.y, kt = index / (runs * kernel.y);
        while (first < last) {
            const int64_t count = std::min(run - offset, last - first);
            const int64_t x = place.x + kx * dilation.x, y = place.y + ky * dilation.y, t = place.t + kt * dilation.t;
            if (t < 0 || t >= input.t || y < 0 || y >= input.y) {
                std::fill_n(into, count, 0.f);
            } else {
                const int64_t start = std::clamp(-x * channels, offset, offset + count);
                const int64_t end = std::clamp((input.x - x) * channels, start, offset + count);
                const float *line = pixels + (((place.image * input.t + t) * input.y + y) * input.x + x) * channels;
                if (start > offset) std::fill_n(into, start - offset, 0.f);
                gemm_copy(line + start, end - start, into + start - offset);
                if (end < offset + count) std::fill_n(into + end - offset, offset + count - end, 0.f);
            }
            into += count;
            first += count;
            offset = 0;
            if (++kx == runs) {
                kx = 0;
                if (++ky == kernel.y) {
                    ky = 0;
                    ++kt;
                }
            }
        }
    }

private:
    /// Where a row's kernel begins on the input.
    struct Place {
        int64_t image, t, y, x;
    };

    Place place_of(int64_t row) const {
        const int64_t line = row / output.x, plane = line / output.y, image = plane / output.t;
        return {
            image, (plane - image * output.t) * stride.t - padding.t, (line - plane * output.y) * stride.y - padding.y,
            (row - line * output.x) * stride.x - padding.x};
    }

    const Extents input, output, kernel, stride, padding, dilation;
    const int64_t together;
    const float *pixels;
    const bool is_pointwise;
};

/// How the product is cut: tasks of a block of rows and a group of panels each.
struct Cut {
    int64_t rows, outputs, blocks, groups;

    Cut(int64_t rows, int64_t outputs) : rows(rows), outputs(outputs) {
        // A block's gathered inputs and its outputs in the second cache; few enough panels for both.
        constexpr int64_t most_rows = 8 * gemm_rows, most_panels = 16;
        const int64_t threads = at::get_num_threads();
        blocks = (rows + most_rows - 1) / most_rows;
        groups = (panels() + most_panels - 1) / most_panels;
        const auto up = [=](int64_t n) { return (n + threads - 1) / threads * threads; };
        if (blocks * groups % threads == 0) return;
        if (rows >= 2 * gemm_rows * threads) {
            blocks = up(blocks);
        } else if (panels() >= threads) {
            groups = up(groups);
        }
    }

    int64_t panels() const { return (outputs + gemm_panel - 1) / gemm_panel; }
    int64_t first_row(int64_t block) const { return rows * block / blocks; }
    int64_t first_panel(int64_t group) const { return panels() * group / groups; }
};

}  // namespace

bool ConvolutionGeometry::is_pointwise(at::IntArrayRef weight) const {
    return all(weight.slice(2).vec(), 1) && all(stride, 1) && reads_no_padding();
}

bool ConvolutionGeometry::reads_no_padding() const { return all(padding, 0); }

bool ConvolutionGeometry::is_plain_3x3(at::IntArrayRef weight) const {
    return groups == 1 && weight.size() == 4 && all(weight.slice(2).vec(), 3) && all(stride, 1) && all(padding, 1) &&
        all(dilation, 1);
}

std::vector<int64_t> ConvolutionGeometry::output_sizes(const at::Tensor &x, at::IntArrayRef weight) const {
    std::vector<int64_t> sizes{x.size(0), weight[0]};
    for (size_t i = 0; i < stride.size(); ++i) {
        const int64_t reach = dilation[i] * (weight[i + 2] - 1) + 1;
        sizes.push_back((x.size(static_cast<int64_t>(i) + 2) + 2 * padding[i] - reach) / stride[i] + 1);
    }
    return sizes;
}

bool implicit_gemm_applies(const at::Tensor &x, const at::Tensor &weight, const ConvolutionGeometry &geometry) {
    static const bool is_fast = gemm_is_fast();
    if (!is_fast || geometry.groups != 1 || x.dim() != weight.dim() || x.numel() == 0 || x.size(1) != weight.size(1)) {
        return false;
    }
    const auto is_float = [](const at::Tensor &t) { return t.device().is_cpu() && t.scalar_type() == at::kFloat; };
    if (!is_float(x) || !is_float(weight) || at::autocast::is_autocast_enabled(at::kCPU) || weight.size(0) % 16 != 0) {
        return false;
    }
    const std::vector<int64_t> output = geometry.output_sizes(x, weight.sizes());
    return std::all_of(output.begin(), output.end(), [](int64_t size) { return size > 0; });
}

at::Tensor implicit_gemm_weight(const at::Tensor &weight) {
    const int64_t outputs = weight.size(0), depth = weight.numel() / outputs;
    // [O, taps · C]
    const at::Tensor rows = weight.detach().movedim(1, -1).contiguous();
    const float *from = rows.const_data_ptr<float>();
    at::Tensor packed = at::empty({outputs * depth}, weight.options().memory_format(at::MemoryFormat::Contiguous));
    float *into = packed.mutable_data_ptr<float>();
    parallel_tasks((outputs + gemm_panel - 1) / gemm_panel, [&](int64_t panel) {
        const int64_t first = panel * gemm_panel, width = std::min(gemm_panel, outputs - first);
        // Few lines at a time, so that what is written by turns stays in the first cache.
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
    const int64_t outputs = weight.size(0), inputs = weight.size(1), taps = weight.numel() / (outputs * inputs);
    // [O, taps, C]
    const at::Tensor rows = weight.detach().movedim(1, -1).contiguous();
    const float *from = rows.const_data_ptr<float>();
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
    const at::Tensor &bias, const at::Tensor &addend, bool relu) {
    const auto format = channels_last_of(x);
    const at::Tensor input = x.contiguous(format);
    const std::vector<int64_t> sizes = geometry.output_sizes(input, weight_sizes);
    const at::Tensor out = at::empty(sizes, input.options().memory_format(format));
    const Rows rows(input, weight_sizes, sizes, geometry);
    const Cut cut(out.numel() / out.size(1), out.size(1));
    const float *weight = packed.const_data_ptr<float>();
    const float *offset = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
    const at::Tensor other = addend.defined() ? addend.contiguous(format) : addend;
    const float *added = other.defined() ? other.const_data_ptr<float>() : nullptr;
    float *into = out.mutable_data_ptr<float>();
    const int64_t passes = (rows.depth + gemm_depth - 1) / gemm_depth;
    parallel_tasks(cut.blocks * cut.groups, [&](int64_t task) {
        const int64_t begin = cut.first_row(task / cut.groups), end = cut.first_row(task / cut.groups + 1);
        const int64_t first_panel = cut.first_panel(task % cut.groups), last_panel = cut.first_panel(task % cut.groups + 1);
        const int64_t tiles = (end - begin + gemm_rows - 1) / gemm_rows;
        const std::unique_ptr<float[]> gathered(new float[(end - begin) * gemm_stride]);
        for (int64_t pass = 0; pass < passes; ++pass) {
            const int64_t first = rows.depth * pass / passes, last = rows.depth * (pass + 1) / passes;
            for (int64_t row = begin; row < end; ++row) {
                rows.gather(row, first, last, gathered.get() + (row - begin) * gemm_stride);
            }
            const bool is_last = pass == passes - 1;
            for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                const int64_t output = panel * gemm_panel, width = std::min(gemm_panel, cut.outputs - output);
                for (int64_t tile = 0; tile < tiles; ++tile) {
                    const int64_t row = (end - begin) * tile / tiles, next = (end - begin) * (tile + 1) / tiles;
                    const int64_t at = (begin + row) * cut.outputs + output;
                    gemm_tile({
                        .inputs = gathered.get() + row * gemm_stride,
                        .panel = weight + output * rows.depth + first * width,
                        .rows = next - row,
                        .depth = last - first,
                        .width = width,
                        .out = into + at,
                        .stride = cut.outputs,
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
