// A product's rows laid out as tiles: the pixels that each output position's kernel reads, tap by tap.
#pragma once

#include <algorithm>
#include <optional>
#include <type_traits>
#include <vector>

#include "convolution/convolution_rows.hpp"
#include "convolution/tile_making.hpp"
#include "convolution/tile_product.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Lays the rows of a block out as tiles, part by part.
template <typename T, int64_t pieces>
class BlockOfRows {
public:
    /// - most_rows: most rows of a block.
    /// - most_steps: most steps of a part of it.
    BlockOfRows(const Rows<T> &rows, int64_t most_rows, int64_t most_steps)
        : rows(rows), numbers((most_rows + tile_lines - 1) / tile_lines * most_steps * pieces * tile_numbers) {
        if (rows.is_pointwise) return;
        if constexpr (std::is_same_v<T, Bfloat16Bits>) {
            if (rows.channels % tile_depth != 0 && steps_of(rows.depth) <= most_steps) find_stretches();
        }
        if (rows.channels % tile_depth != 0 || rows.taps() == 1) return;
        steps_of_pixel = rows.channels / tile_depth;
        numbers_of_pixel = rows.channels * pieces;
        for (int64_t tap = 0; tap < rows.taps(); ++tap) {
            reaches.push_back(rows.reach_of(tap));
            distances.push_back(rows.distance(reaches.back()) * numbers_of_pixel);
        }
        pixels.resize(rows.taps());
        zeros.resize(numbers_of_pixel);
    }

    /// Goes to the block of the rows begin..<end.
    void place(int64_t begin, int64_t end) {
        this->begin = begin;
        this->end = end;
        if (steps_of_pixel == 0) return;
        if constexpr (std::is_same_v<T, Bfloat16Bits>) {
            lines = rows.pixels;
        } else {
            lines = nullptr;
            // Where few pixels are read often, they are split into pieces once.
            const auto [first, last] = rows.window(begin, end);
            if ((last - first) * 3 > (end - begin) * rows.taps()) return;
            window.emplace((last - first) * numbers_of_pixel);
            tile_row<pieces>(
                rows.pixels + first * rows.channels, (last - first) * rows.channels, window->get(), pieces * tile_depth,
                tile_depth);
            lines = window->get();
            first_pixel = first;
        }
    }

    void fill(int64_t first_step, int64_t last_step) {
        steps = last_step - first_step;
        const int64_t step = pieces * tile_numbers;
        if (lines == nullptr && !rows.is_pointwise) line.resize(steps * tile_depth);
        int64_t first_tap = 0, last_tap = 0, skipped = 0;
        if (lines != nullptr) {
            first_tap = first_step / steps_of_pixel;
            last_tap = (last_step - 1) / steps_of_pixel + 1;
            skipped = first_step % steps_of_pixel;
        }
        auto place = rows.place_of(begin);
        for (int64_t row = begin; row < end; ++row, rows.advance(place)) {
            const int64_t i = row - begin;
            Bfloat16Bits *to = numbers.get() + (i / tile_lines) * steps * step + i % tile_lines * tile_depth;
            const int64_t first = first_step * tile_depth, last = std::min(last_step * tile_depth, rows.depth);
            if (lines != nullptr) {
                find_pixels(place, first_tap, last_tap);
                tile_row_of_pixels(pixels.data() + first_tap, steps_of_pixel, skipped, steps, pieces, to);
            } else if (!stretches.empty() && rows.is_inside(place)) {
                if constexpr (std::is_same_v<T, Bfloat16Bits>) {
                    const Bfloat16Bits *corner = rows.pixels + rows.position(place, {0, 0, 0}) * rows.channels;
                    tile_row_of_stretches(corner, stretches.data(), static_cast<int64_t>(stretches.size()), to);
                }
            } else if (rows.is_pointwise) {
                tile_row<pieces>(rows.pixels + row * rows.channels + first, last - first, to, step, tile_numbers);
            } else {
                rows.gather(place, first, last, line.data());
                tile_row<pieces>(line.data(), last - first, to, step, tile_numbers);
            }
        }
    }

    /// The two tiles of rows from row `row` of the block on, or the last single one.
    TileRows tiles(int64_t row) const {
        const int64_t next = steps * pieces * tile_numbers;
        return TileRows::of_tiles(numbers.get() + row / tile_lines * next, next, pieces);
    }

private:
    /// Finds the stretches of a row that reads no padding, which are the same for all of them.
    void find_stretches() {
        const int64_t run = rows.taps_together() * rows.channels;
        for (int64_t index = 0, tap = 0; index < rows.depth; index += run, tap += rows.taps_together()) {
            const int64_t from = rows.distance(rows.reach_of(tap)) * rows.channels;
            for (int64_t done = 0; done < run;) {
                const int64_t within = (index + done) % tile_depth, count = std::min(run - done, tile_depth - within);
                stretches.push_back(
                    {.from = from + done,
                     .to = (index + done) / tile_depth * tile_numbers + within,
                     .mask = static_cast<uint32_t>((uint64_t{1} << count) - 1),
                     .begins_line = within == 0});
                done += count;
            }
        }
    }

    /// Finds where the lines begin of the pixels that the taps first_tap..<last_tap read.
    void find_pixels(const typename Rows<T>::Place &place, int64_t first_tap, int64_t last_tap) {
        if (rows.is_inside(place)) {
            const Bfloat16Bits *corner = lines + (rows.position(place, reaches[0]) - first_pixel) * numbers_of_pixel;
            for (int64_t tap = first_tap; tap < last_tap; ++tap) pixels[tap] = corner + distances[tap];
            return;
        }
        for (int64_t tap = first_tap; tap < last_tap; ++tap) {
            const int64_t position = rows.position(place, reaches[tap]);
            pixels[tap] = position < 0 ? zeros.data() : lines + (position - first_pixel) * numbers_of_pixel;
        }
    }

    const Rows<T> &rows;
    const Scratch<Bfloat16Bits> numbers;
    int64_t begin = 0, end = 0, steps = 0;
    std::vector<T> line;
    /// The lines of pixels that are laid out already, `[pixels, steps_of_pixel, pieces, 32]`; null where none are.
    const Bfloat16Bits *lines = nullptr;
    int64_t first_pixel = 0, steps_of_pixel = 0, numbers_of_pixel = 0;
    std::optional<Scratch<Bfloat16Bits>> window;
    std::vector<Extents> reaches;
    /// How many numbers behind the kernel's first pixel the lines of each tap's pixel lie.
    std::vector<int64_t> distances;
    std::vector<const Bfloat16Bits *> pixels;
    std::vector<Stretch> stretches;
    std::vector<Bfloat16Bits> zeros;
};

}  // namespace ctorch

#pragma GCC visibility pop
