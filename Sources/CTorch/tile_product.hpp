// Products of tiles, and what becomes of their sums: see `tile_unit.hpp`.
#pragma once

#include "tile_unit.hpp"

namespace ctorch {

/// sums = left · right.
struct TileProduct {
    /// `[steps, pieces, 16, 32]`, and the next 16 rows `next` numbers further on.
    const Bfloat16Bits *left;
    int64_t next;
    /// `[steps, pieces, 2, 16, 32]`
    const Bfloat16Bits *right;
    int64_t steps;
    /// One or two.
    int64_t tiles_of_rows, tiles_of_columns;
    /// `[32, stride]`, or fewer rows and columns where there are fewer tiles.
    float *sums;
    int64_t stride;
    /// What a later product will read, fetched into the second cache meanwhile, so many lines of it in each step; null:
    /// nothing.
    const Bfloat16Bits *ahead;
    int64_t ahead_lines;
};

template <int64_t pieces>
void tile_product(const TileProduct &product);

/// What becomes of the sums: act(sums + before + bias + addend) into `out`, or sums + before into `between` if `out` is null.
template <typename T>
struct TileResult {
    const float *sums;
    int64_t rows;
    /// 16 or 32.
    int64_t width;
    /// Of earlier parts of the summed axis; null: none.
    const float *before;
    float *between;
    int64_t between_stride;
    T *out;
    int64_t stride;
    /// `[width]`, and as `out`; null: none.
    const float *bias;
    const T *addend;
    bool relu;
};

template <typename T>
void tile_store(const TileResult<T> &result);

/// Asks for what `tile_store` is going to write and read.
template <typename T>
void tile_prefetch(const TileResult<T> &result);

}  // namespace ctorch
