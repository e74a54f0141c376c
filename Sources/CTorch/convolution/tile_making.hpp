// Rows, columns and weights laid out as tiles of bfloat16 pieces: see `tile_unit.hpp`.
#pragma once

#include "convolution/tile_unit.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Lays a row of the left factor out as lines of 32 numbers for each piece, filled up with zeros to a multiple of 32.
///
/// - step: how many numbers apart the lines of one piece lie.
/// - piece: how many numbers apart the pieces of one line lie.
template <int64_t pieces>
void tile_row(const float *from, int64_t count, Bfloat16Bits *to, int64_t step, int64_t piece);
template <int64_t pieces>
void tile_row(const Bfloat16Bits *from, int64_t count, Bfloat16Bits *to, int64_t step, int64_t piece);

/// Copies lines that were made before, those of each pixel side by side `[steps_of_pixel, pieces, 32]`, to a row of
/// tiles `[steps, pieces, 16, 32]`.
///
/// - pixels: where the lines of each pixel begin.
/// - skipped: how many of the first pixel's steps are left out.
/// - steps: how many steps are laid out.
void tile_row_of_pixels(
    const Bfloat16Bits *const *pixels, int64_t steps_of_pixel, int64_t skipped, int64_t steps, int64_t pieces,
    Bfloat16Bits *to);

/// Up to 32 numbers of a row that lie side by side in memory and in one line of the row's tiles.
struct Stretch {
    /// Where they lie in memory, in numbers from where the row's kernel begins, and in the tiles, from where the row's
    /// first line begins.
    int64_t from, to;
    /// A bit for each number.
    uint32_t mask;
    bool begins_line;
};

/// Lays a row out in tiles of one piece, from its stretches in their order.
void tile_row_of_stretches(const Bfloat16Bits *corner, const Stretch *stretches, int64_t count, Bfloat16Bits *to);

/// Lays out tiles of the right factor from 32 rows, the summed axis running from row to row; a null row is zeros. 16
/// columns make one tile, 32 two. The tiles of the other piece lie `piece` numbers further on.
void tile_of_rows(const float *const *rows, int64_t columns, Bfloat16Bits *to, int64_t piece);
/// Lays out tiles `[2, 16, 32]` of the left factor from 32 such rows: their 16 columns are the factor's rows.
void tile_of_columns(const float *const *rows, Bfloat16Bits *to);
/// Lays out tiles of the right factor from rows along which the summed axis runs: `columns` (at most 16) rows of
/// `count` (at most 32) numbers. The tiles of the pieces lie `piece` numbers apart.
template <int64_t pieces>
void tile_of_weights(
    const float *rows, int64_t columns, int64_t stride, int64_t count, Bfloat16Bits *to, int64_t piece);
template <int64_t pieces>
void tile_of_weights(
    const Bfloat16Bits *rows, int64_t columns, int64_t stride, int64_t count, Bfloat16Bits *to, int64_t piece);

}  // namespace ctorch

#pragma GCC visibility pop
