#include "convolution/tile_direct.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "convolution/convolution_choice.hpp"
#include "core/parallel.hpp"
#include "convolution/tile_product.hpp"

namespace ctorch {
namespace {

using Pixels = Rows<Bfloat16Bits>;
using Products = TileProducts<pieces_of_bfloat16>;

/// The products that a convolution consists of, by their rows and panel.
class Work {
public:
    const int64_t steps, panels;

    Work(const Pixels &rows, const DirectConvolution &convolution)
        : steps(steps_of(rows.depth)),
          panels((convolution.outputs + tile_panel - 1) / tile_panel),
          convolution(convolution) {}

    const Bfloat16Bits *panel(int64_t index) const { return convolution.weight + index * steps * 2 * tile_numbers; }

    /// - row: the first of `count` rows.
    /// - rows_of_tile: of all tiles; a second one where there are more rows.
    TileProduct product(const TileRows &left, int64_t rows_of_tile, int64_t count, int64_t panel) const {
        return {
            .left = left,
            .right = this->panel(panel),
            .steps = steps,
            .tiles_of_rows = count > rows_of_tile ? 2 : 1,
            .rows_of_tile = rows_of_tile,
            .tiles_of_columns = width(panel) / tile_lines};
    }

    TileResult<Bfloat16Bits> result(int64_t row, int64_t count, int64_t panel) const {
        const int64_t output = panel * tile_panel, at = row * convolution.outputs + output;
        return {
            .rows = count,
            .width = width(panel),
            .out = convolution.out + at,
            .stride = convolution.outputs,
            .bias = convolution.bias == nullptr ? nullptr : convolution.bias + output,
            .addend = convolution.addend == nullptr ? nullptr : convolution.addend + at,
            .relu = convolution.relu};
    }

private:
    const DirectConvolution &convolution;

    int64_t width(int64_t panel) const { return std::min(tile_panel, convolution.outputs - panel * tile_panel); }
};

/// Fetches the next panel from the third cache, a part of it with each pair of tiles, so that it needn't be waited for.
void fetch_next_panel(TileProduct &product, const Work &work, int64_t panel, int64_t pair, int64_t pairs) {
    constexpr int64_t lines_of_step = 2 * tile_lines;
    product.ahead = work.panel(panel + 1) + lines_of_step * work.steps * pair / pairs * tile_depth;
    product.ahead_lines = (lines_of_step + pairs - 1) / pairs;
}

/// Convolves with kernels of one pixel, for which all images together are one line.
void convolve_pixels(const Pixels &rows, const Work &work) {
    const int64_t count = rows.count(), channels = rows.channels;
    const Cut cut(count, work.panels, TileLimits::rows, TileLimits::panels, TileLimits::few_rows, tile_panel);
    // Where the weight stays in the second cache each pair of tiles meets all of it, and its results are written side by side.
    const bool pair_by_pair = work.panels * work.steps * 2 * tile_numbers <= TileLimits::cached_weight;
    // The last rows are copied: two tiles of them would be read past their end.
    const int64_t whole = count / tile_panel * tile_panel;
    std::vector<Bfloat16Bits> rest;
    if (whole < count) {
        rest.resize(tile_panel * channels);
        std::copy_n(rows.pixels + whole * channels, (count - whole) * channels, rest.data());
    }
    parallel_tasks(cut.tasks(), [&](int64_t task) {
        const TileUnit unit;
        const auto [first_row, last_row] = cut.rows_of(task);
        const auto [first_panel, last_panel] = cut.panels_of(task);
        const int64_t first = first_row / tile_panel, pairs = (last_row - first_row + tile_panel - 1) / tile_panel;
        const auto add = [&, last_row = last_row](Products &products, int64_t pair, int64_t panel, auto &&fetch) {
            const int64_t row = pair * tile_panel, known = std::min(tile_panel, last_row - row);
            const Bfloat16Bits *from = row < whole ? rows.pixels + row * channels : rest.data();
            TileProduct product = work.product(
                {.first = from, .second = from + tile_lines * channels, .line = channels, .step = tile_depth},
                tile_lines, known, panel);
            fetch(product);
            products.add(product, work.result(row, known, panel));
        };
        Products products;
        if (pair_by_pair) {
            // Lines of the next two tiles for each panel and step.
            const int64_t lines = (channels + last_panel - first_panel - 1) / (last_panel - first_panel);
            const int64_t lines_of_step = (lines + work.steps - 1) / work.steps;
            for (int64_t pair = first; pair < first + pairs; ++pair) {
                const Bfloat16Bits *next =
                    pair + 1 < first + pairs ? rows.pixels + (pair + 1) * tile_panel * channels : nullptr;
                for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                    add(products, pair, panel, [&](TileProduct &product) {
                        product.ahead = next;
                        product.ahead_lines = lines_of_step;
                    });
                    if (next != nullptr) next += lines * tile_depth;
                }
            }
        } else {
            for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                for (int64_t pair = 0; pair < pairs; ++pair) {
                    add(products, first + pair, panel, [&, last_panel = last_panel](TileProduct &product) {
                        if (panel + 1 < last_panel) fetch_next_panel(product, work, panel, pair, pairs);
                    });
                }
            }
        }
        products.finish();
    });
}

/// The lines of an image that some lines of outputs read: where they lie, or copied with the padding around them.
class LinesRead {
public:
    LinesRead(const Pixels &rows, int64_t most_lines)
        : rows(rows),
          is_padded(rows.padding.x != 0 || rows.padding.y != 0),
          pitch(
              rows.channels *
              (is_padded ? extent(rows.output.x, rows.stride.x, rows.kernel.x, rows.dilation.x) : rows.input.x)),
          copied(is_padded ? height(most_lines) * pitch : 1) {}

    /// Goes to the lines that the outputs' lines first..<last of an image read.
    void go_to(int64_t image, int64_t first, int64_t last) {
        const Bfloat16Bits *pixels = rows.pixels + image * rows.input.y * rows.input.x * rows.channels;
        const int64_t top = first * rows.stride.y - rows.padding.y;
        corner = is_padded ? copied.get() : pixels + top * pitch;
        if (is_padded) copy(pixels, top, height(last - first));
    }

    /// Where the kernel of an output begins, `line` lines below the first one.
    const Bfloat16Bits *pixel(int64_t line, int64_t x) const {
        return corner + line * rows.stride.y * pitch + x * rows.stride.x * rows.channels;
    }

    /// Where each step of the summed axis begins, in numbers from where the kernel does.
    std::vector<int64_t> offsets() const {
        std::vector<int64_t> result;
        for (int64_t tap = 0; tap < rows.taps(); ++tap) {
            const Extents reach = rows.reach_of(tap);
            for (int64_t channel = 0; channel < rows.channels; channel += tile_depth) {
                result.push_back(reach.y * pitch + reach.x * rows.channels + channel);
            }
        }
        return result;
    }

private:
    static int64_t extent(int64_t count, int64_t stride, int64_t kernel, int64_t dilation) {
        return (count - 1) * stride + (kernel - 1) * dilation + 1;
    }
    int64_t height(int64_t lines) const { return extent(lines, rows.stride.y, rows.kernel.y, rows.dilation.y); }

    void copy(const Bfloat16Bits *pixels, int64_t top, int64_t lines) {
        const int64_t line = rows.input.x * rows.channels, left = rows.padding.x * rows.channels;
        const int64_t known = std::min(line, pitch - left);
        Bfloat16Bits *to = copied.get();
        for (int64_t y = top; y < top + lines; ++y, to += pitch) {
            if (y < 0 || y >= rows.input.y) {
                std::fill_n(to, pitch, Bfloat16Bits(0));
                continue;
            }
            std::fill_n(to, left, Bfloat16Bits(0));
            std::copy_n(pixels + y * line, known, to + left);
            std::fill_n(to + left + known, pitch - left - known, Bfloat16Bits(0));
        }
    }

    const Pixels &rows;
    const bool is_padded;
    const int64_t pitch;
    const Scratch<Bfloat16Bits> copied;
    const Bfloat16Bits *corner = nullptr;
};

/// Convolves with larger kernels or strides; each tile lies in one line of outputs.
void convolve_lines(const Pixels &rows, const Work &work) {
    const int64_t lines = rows.output.y, width = rows.output.x, rows_of_tile = rows_of_full_tile(width);
    const int64_t images = rows.count() / (lines * width), threads = at::get_num_threads();
    // An even number of lines, where there are several: tiles come in pairs.
    int64_t lines_of_block = std::clamp<int64_t>(TileLimits::rows / width, 1, lines);
    if (lines_of_block > 1 && lines_of_block < lines) lines_of_block -= lines_of_block % 2;
    const int64_t blocks = (lines + lines_of_block - 1) / lines_of_block;
    const int64_t groups =
        std::clamp<int64_t>((4 * threads + images * blocks - 1) / (images * blocks), 1, (work.panels + 1) / 2);
    parallel_tasks(images * blocks * groups, [&](int64_t task) {
        const TileUnit unit(rows_of_tile);
        const int64_t group = task % groups, block = task / groups % blocks, image = task / groups / blocks;
        const int64_t first_panel = work.panels * group / groups, last_panel = work.panels * (group + 1) / groups;
        const int64_t first_line = lines * block / blocks, last_line = lines * (block + 1) / blocks;
        LinesRead lines_read(rows, last_line - first_line);
        lines_read.go_to(image, first_line, last_line);
        const std::vector<int64_t> offsets = lines_read.offsets();
        const int64_t tiles = (last_line - first_line) * width / rows_of_tile, pairs = (tiles + 1) / 2;
        const auto tile_at = [&](int64_t tile) {
            const int64_t place = std::min(tile, tiles - 1) * rows_of_tile;
            return lines_read.pixel(place / width, place % width);
        };
        const int64_t first_row = (image * lines + first_line) * width;
        Products products;
        for (int64_t panel = first_panel; panel < last_panel; ++panel) {
            for (int64_t pair = 0; pair < pairs; ++pair) {
                const int64_t tile = 2 * pair, known = std::min<int64_t>(2, tiles - tile) * rows_of_tile;
                TileProduct product = work.product(
                    {.first = tile_at(tile),
                     .second = tile_at(tile + 1),
                     .line = rows.stride.x * rows.channels,
                     .offsets = offsets.data()},
                    rows_of_tile, known, panel);
                if (panel + 1 < last_panel) fetch_next_panel(product, work, panel, pair, pairs);
                const auto result = work.result(first_row + tile * rows_of_tile, known, panel);
                tile_prefetch(result);
                products.add(product, result);
            }
        }
        products.finish();
    });
}

}  // namespace

void convolve_directly(const Rows<Bfloat16Bits> &rows, const DirectConvolution &convolution) {
    const Work work(rows, convolution);
    rows.is_pointwise ? convolve_pixels(rows, work) : convolve_lines(rows, work);
}

}  // namespace ctorch
