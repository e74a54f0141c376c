// Products of tiles, and what becomes of their sums: see `tile_unit.hpp`.
#pragma once

#include <type_traits>

#include "convolution/tile_unit.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// How a convolution is cut for the tile unit.
struct TileLimits {
    /// Most rows and panels of a task: its rows and their results stay in the second cache.
    static constexpr int64_t rows = 256, panels = 64;
    /// Fewest rows for each thread; fewer are not worth a task of their own.
    static constexpr int64_t few_rows = 4 * tile_lines;
    /// Most numbers of a weight that stays in the second cache.
    static constexpr int64_t cached_weight = 1 << 18;
};

/// Rows of the left factor in two tiles or one, either laid out as tiles or read where they lie in memory.
struct TileRows {
    /// Where each tile begins.
    const Bfloat16Bits *first, *second = nullptr;
    /// How many numbers apart the rows lie, and the steps of 32; or, where `offsets` isn't null, where each step lies.
    int64_t line, step = 0;
    const int64_t *offsets = nullptr;

    /// Rows that are laid out as tiles `[steps, pieces, 16, 32]`, those of the second tile `next` numbers behind the
    /// first one's.
    static TileRows of_tiles(const Bfloat16Bits *tiles, int64_t next, int64_t pieces) {
        return {.first = tiles, .second = tiles + next, .line = tile_depth, .step = pieces * tile_numbers};
    }
};

/// A product of tiles, sums = left · right.
struct TileProduct {
    TileRows left;
    /// The right factor's tiles, `[steps, pieces, 2, 16, 32]`.
    const Bfloat16Bits *right;
    int64_t steps;
    /// How many tiles of rows there are, one or two, and how many rows each has, as the tile unit is set up.
    int64_t tiles_of_rows, rows_of_tile = tile_lines;
    /// How many tiles of columns there are, one or two.
    int64_t tiles_of_columns;
    /// Where the sums go: `[32, stride]`, or fewer rows and columns where there are fewer tiles.
    float *sums = nullptr;
    int64_t stride = 0;
    /// What a later product will read, fetched into the second cache meanwhile, `ahead_lines` lines of it in each step;
    /// null for nothing.
    const Bfloat16Bits *ahead = nullptr;
    int64_t ahead_lines = 0;
};

/// What becomes of the sums: act(sums + before + bias + addend) into `out`, or sums + before into `between` if `out` is null.
template <typename T>
struct TileResult {
    /// The sums, `[rows, 32]`.
    const float *sums = nullptr;
    int64_t rows = 0;
    /// Columns: 16 or 32.
    int64_t width = 0;
    /// Sums of earlier parts of the summed axis; null for none.
    const float *before = nullptr;
    float *between = nullptr;
    int64_t between_stride = 0;
    T *out = nullptr;
    int64_t stride = 0;
    /// Bias `[width]` and an addend that lies as `out` does; null for none.
    const float *bias = nullptr;
    const T *addend = nullptr;
    bool relu = false;
};

/// The type of the result where factors have so many pieces.
template <int64_t pieces>
using TileNumber = std::conditional_t<pieces == pieces_of_bfloat16, Bfloat16Bits, float>;

/// Computes a product, and meanwhile stores the result of an earlier one, which has sums of its own: so the tile unit
/// doesn't wait for it. An `earlier` without rows stores nothing.
template <int64_t pieces>
void tile_product(const TileProduct &product, const TileResult<TileNumber<pieces>> &earlier);

template <typename T>
void tile_store(const TileResult<T> &result);

/// Fetches into the cache what `tile_store` is going to write and read.
template <typename T>
void tile_prefetch(const TileResult<T> &result);

/// Computes products one after the other: while one is computed, the result of the one before is stored.
template <int64_t pieces>
class TileProducts {
public:
    using Result = TileResult<TileNumber<pieces>>;

    /// Adds a product with what becomes of its sums; `sums` is filled in here, in both.
    void add(TileProduct product, const Result &result) {
        product.sums = sums[number];
        product.stride = tile_panel;
        tile_product<pieces>(product, earlier);
        earlier = result;
        earlier.sums = sums[number];
        number = 1 - number;
    }

    /// Adds a product whose sums are the result as they are.
    void add(const TileProduct &product) {
        tile_product<pieces>(product, earlier);
        earlier.rows = 0;
    }

    /// Stores the last result.
    void finish() {
        tile_store(earlier);
        earlier.rows = 0;
    }

private:
    alignas(64) float sums[2][tile_panel * tile_panel];
    int number = 0;
    Result earlier{};
};

}  // namespace ctorch

#pragma GCC visibility pop
