// A map as the matrix that it is convolved as: a row for each output position, `taps × channels` long.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "convolution/implicit_gemm.hpp"
#include "convolution/implicit_gemm_kernels.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Time, height and width; an image has a time of one.
struct Extents {
    int64_t t, y, x;

    static Extents of(at::IntArrayRef values, int64_t missing) {
        return values.size() == 3 ? Extents{values[0], values[1], values[2]} : Extents{missing, values[0], values[1]};
    }

    int64_t count() const { return t * y * x; }
};

inline void copy_lines(const float *from, int64_t lines, int64_t stride, int64_t count, float *to) {
    gemm_copy_lines(from, lines, stride, count, to);
}

inline void copy_lines(const Bfloat16Bits *from, int64_t lines, int64_t stride, int64_t count, Bfloat16Bits *to) {
    gemm_copy_lines(from, lines, stride, count, to);
}

/// - T: float, or bfloat16 as it lies in memory.
template <typename T>
class Rows {
public:
    const int64_t channels, depth;
    const bool is_pointwise;
    /// `[N, …, channels]`
    const T *const pixels;
    const Extents input, output, kernel, stride, padding, dilation;

    Rows(const at::Tensor &x, at::IntArrayRef weight, at::IntArrayRef output, const ConvolutionGeometry &geometry)
        : channels(x.size(1)),
          depth(channels * c10::multiply_integers(weight.slice(2))),
          is_pointwise(geometry.is_pointwise(weight) && x.sizes().slice(2) == output.slice(2)),
          pixels(static_cast<const T *>(x.const_data_ptr())),
          input(Extents::of(x.sizes().slice(2), 1)),
          output(Extents::of(output.slice(2), 1)),
          kernel(Extents::of(weight.slice(2), 1)),
          stride(Extents::of(geometry.stride, 1)),
          padding(Extents::of(geometry.padding, 0)),
          dilation(Extents::of(geometry.dilation, 1)),
          images(x.size(0)),
          // Undilated, neighbouring taps in a row of the kernel read neighbouring pixels in memory.
          together(dilation.x == 1 ? kernel.x : 1) {}

    /// How many rows there are, over all images.
    int64_t count() const { return images * output.count(); }
    int64_t taps() const { return kernel.count(); }
    /// How many neighbouring taps in a row of the kernel read neighbouring pixels in memory.
    int64_t taps_together() const { return together; }

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

    /// Moves a row's place to that of the row after it.
    void advance(Place &place) const {
        place.x += stride.x;
        if (place.x < output.x * stride.x - padding.x) return;
        place.x = -padding.x;
        place.y += stride.y;
        if (place.y < output.y * stride.y - padding.y) return;
        place.y = -padding.y;
        place.t += stride.t;
        if (place.t < output.t * stride.t - padding.t) return;
        place.t = -padding.t;
        ++place.image;
    }

    /// Whether no tap is outside of the input.
    bool is_inside(const Place &place) const {
        return place.x >= 0 && place.x + (kernel.x - 1) * dilation.x < input.x && place.y >= 0 &&
            place.y + (kernel.y - 1) * dilation.y < input.y && place.t >= 0 &&
            place.t + (kernel.t - 1) * dilation.t < input.t;
    }

    /// A tap's distance from where the kernel begins.
    Extents reach_of(int64_t tap) const {
        return {
            tap / (kernel.x * kernel.y) * dilation.t, tap / kernel.x % kernel.y * dilation.y,
            tap % kernel.x * dilation.x};
    }

    /// The number, over all images, of the pixel that a tap reads; negative where that is padding.
    int64_t position(const Place &place, const Extents &reach) const {
        const int64_t t = place.t + reach.t, y = place.y + reach.y, x = place.x + reach.x;
        if (t < 0 || t >= input.t || y < 0 || y >= input.y || x < 0 || x >= input.x) return -1;
        return ((place.image * input.t + t) * input.y + y) * input.x + x;
    }

    /// How many pixels behind the kernel's first one a tap reads, which is the same wherever the kernel is laid.
    int64_t distance(const Extents &reach) const { return (reach.t * input.y + reach.y) * input.x + reach.x; }

    /// A range of pixels, in whole lines, that holds all that the rows begin..<end read.
    std::pair<int64_t, int64_t> window(int64_t begin, int64_t end) const {
        const Place first = place_of(begin), last = place_of(end - 1);
        const int64_t t = std::clamp<int64_t>(first.t, 0, input.t - 1),
                      y = std::clamp<int64_t>(first.y, 0, input.y - 1);
        const Extents reach = reach_of(taps() - 1);
        const int64_t end_t = std::clamp<int64_t>(last.t + reach.t, 0, input.t - 1);
        const int64_t end_y = std::clamp<int64_t>(last.y + reach.y, 0, input.y - 1);
        // A kernel over time reads lines that don't follow each other: the range is of whole planes.
        const int64_t begin_line = (first.image * input.t + t) * input.y + (kernel.t == 1 ? y : 0);
        const int64_t end_line = (last.image * input.t + end_t) * input.y + (kernel.t == 1 ? end_y : input.y - 1);
        return {begin_line * input.x, (end_line + 1) * input.x};
    }

    /// Copies the numbers first..<last of the row at `place`.
    void gather(const Place &place, int64_t first, int64_t last, T *into) const {
        if (is_pointwise) {
            copy_lines(pixels + position(place, {0, 0, 0}) * channels + first, 1, 0, last - first, into);
            return;
        }
        const int64_t run = together * channels, runs = kernel.x / together;
        const int64_t line_length = input.x * channels;
        // Where nothing is cut off at the sides, lines of the kernel are copied together.
        const bool has_whole_lines = runs == 1 && place.x >= 0 && place.x + kernel.x <= input.x;
        // Divided once, then counted on: divisions would take as long as the product.
        int64_t index = first / run, offset = first % run;
        int64_t kx = index % runs, ky = index / runs % kernel.y, kt = index / (runs * kernel.y);
        while (first < last) {
            const int64_t whole = has_whole_lines && offset == 0 ? std::min((last - first) / run, kernel.y - ky) : 0;
            if (whole > 0) {
                copy_plane(place, kt, ky, whole, run, into);
                into += whole * run;
                first += whole * run;
                ky += whole;
                if (ky == kernel.y) {
                    ky = 0;
                    ++kt;
                }
                continue;
            }
            const int64_t count = std::min(run - offset, last - first);
            const int64_t x = place.x + kx * dilation.x, y = place.y + ky * dilation.y, t = place.t + kt * dilation.t;
            if (t < 0 || t >= input.t || y < 0 || y >= input.y) {
                std::fill_n(into, count, T(0));
            } else {
                const int64_t start = std::clamp(-x * channels, offset, offset + count);
                const int64_t end = std::clamp((input.x - x) * channels, start, offset + count);
                const T *line = pixels + ((place.image * input.t + t) * input.y + y) * line_length + x * channels;
                if (start > offset) std::fill_n(into, start - offset, T(0));
                copy_lines(line + start, 1, 0, end - start, into + start - offset);
                if (end < offset + count) std::fill_n(into + end - offset, offset + count - end, T(0));
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
    /// `lines` lines of a plane of the kernel from line `ky` on, each of `run` numbers; zeros where there is no input.
    void copy_plane(const Place &place, int64_t kt, int64_t ky, int64_t lines, int64_t run, T *into) const {
        const int64_t t = place.t + kt * dilation.t, y = place.y + ky * dilation.y, line_length = input.x * channels;
        if (t < 0 || t >= input.t) {
            std::fill_n(into, lines * run, T(0));
            return;
        }
        const auto lines_before = [&](int64_t end) {
            return std::clamp<int64_t>((end - y + dilation.y - 1) / dilation.y, 0, lines);
        };
        const int64_t above = y < 0 ? lines_before(0) : 0, inside = std::max(above, lines_before(input.y));
        if (above > 0) std::fill_n(into, above * run, T(0));
        const T *from = pixels + ((place.image * input.t + t) * input.y + y + above * dilation.y) * line_length +
            place.x * channels;
        if (inside > above) copy_lines(from, inside - above, dilation.y * line_length, run, into + above * run);
        if (inside < lines) std::fill_n(into + inside * run, (lines - inside) * run, T(0));
    }

    const int64_t images, together;
};

/// How a product of matrices is cut into tasks, each of a block of rows and a group of panels.
struct Cut {
    int64_t rows, panels, blocks, groups, unit;

    /// - most_rows: most rows of a block, such that they and their results stay in the second cache.
    /// - few_rows: fewest rows for each thread; fewer are not worth a block of their own.
    /// - unit: rows that belong together and are not cut apart.
    Cut(int64_t rows, int64_t panels, int64_t most_rows, int64_t most_panels, int64_t few_rows, int64_t unit)
        : rows(rows),
          panels(panels),
          blocks((rows + most_rows - 1) / most_rows),
          groups((panels + most_panels - 1) / most_panels),
          unit(unit) {
        const int64_t threads = at::get_num_threads();
        const auto up = [=](int64_t n) { return (n + threads - 1) / threads * threads; };
        if (blocks * groups % threads == 0) return;
        if (rows >= few_rows * threads) {
            blocks = up(blocks);
        } else if (panels >= threads) {
            groups = up(groups);
        }
    }

    int64_t tasks() const { return blocks * groups; }
    /// Where a task's rows begin and end, and below where its panels do.
    std::pair<int64_t, int64_t> rows_of(int64_t task) const {
        const int64_t block = task / groups, units = (rows + unit - 1) / unit;
        return {units * block / blocks * unit, std::min(rows, units * (block + 1) / blocks * unit)};
    }
    std::pair<int64_t, int64_t> panels_of(int64_t task) const {
        const int64_t group = task % groups;
        return {panels * group / groups, panels * (group + 1) / groups};
    }
};

}  // namespace ctorch

#pragma GCC visibility pop
