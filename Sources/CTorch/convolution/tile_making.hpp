// Rows, columns and weights laid out as tiles of bfloat16 pieces: see `tile_unit.hpp`.
#pragma once

#include "convolution/tile_unit.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// A row of the left factor: lines of 32 numbers for each piece. What `count` lacks to a multiple of 32 is zero.
///
/// - step: numbers from line to line of one piece.
/// - piece: numbers from piece to piece of one line.
template <int64_t pieces>
void tile_row(const float *from, int64_t count, Bfloat16Bits *to, int64_t step, int64_t piece);
template <int64_t pieces>
void tile_row(const Bfloat16Bits *from, int64_t count, Bfloat16Bits *to, int64_t step, int64_t piece);

/// Lines that were made before, those of each pixel side by side `[steps_of_pixel, pieces, 32]`, as a row of tiles
/// `[steps, pieces, 16, 32]`.
///
/// - pixels: where the lines of one pixel after the other begin.
/// - skipped, steps: the first of the first pixel's steps that are left out, and how many are laid out.
void tile_row_of_pixels(
    const Bfloat16Bits *const *pixels, int64_t steps_of_pixel, int64_t skipped, int64_t steps, int64_t pieces,
    Bfloat16Bits *to);

/// Up to 32 numbers of a row that lie side by side in memory, and in one line of its tiles.
struct Stretch {
    /// Numbers from where the row's kernel begins, and from where its first line begins.
    int64_t from, to;
    /// A bit for each number.
    uint32_t mask;
    bool begins_line;
};

/// A row of tiles of one piece from stretches in their order.
void tile_row_of_stretches(const Bfloat16Bits *corner, const Stretch *stretches, int64_t count, Bfloat16Bits *to);

/// The summed axis lies in rows: 32 of them, null: zeros. Tiles of the right factor, of 16 columns or two of 32, and those
/// of the other piece `piece` numbers further on.
void tile_of_rows(const float *const *rows, int64_t columns, Bfloat16Bits *to, int64_t piece);
/// Tiles `[2, 16, 32]` of the left factor instead: what were 16 columns are its rows.
void tile_of_columns(const float *const *rows, Bfloat16Bits *to);
/// The summed axis lies in columns of a right factor: `columns` (at most 16) rows of `count` (at most 32) numbers.
/// Tiles of the pieces, `piece` numbers apart.
template <int64_t pieces>
void tile_of_weights(
    const float *rows, int64_t columns, int64_t stride, int64_t count, Bfloat16Bits *to, int64_t piece);
template <int64_t pieces>
void tile_of_weights(
    const Bfloat16Bits *rows, int64_t columns, int64_t stride, int64_t count, Bfloat16Bits *to, int64_t piece);

}  // namespace ctorch

#pragma GCC visibility pop
