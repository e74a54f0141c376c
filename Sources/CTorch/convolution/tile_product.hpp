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
    /// Fewer rows a thread are not worth a task of their own.
    static constexpr int64_t few_rows = 4 * tile_lines;
    /// Numbers of a weight that stays in the second cache.
    static constexpr int64_t cached_weight = 1 << 18;
};

/// Rows of the left factor, in two tiles or one, laid out as such or where they lie in memory.
struct TileRows {
    /// Where each tile begins.
    const Bfloat16Bits *first, *second = nullptr;
    /// Numbers from row to row, and from one step of 32 to the next; or where each step lies.
    int64_t line, step = 0;
    const int64_t *offsets = nullptr;

    /// As tiles `[steps, pieces, 16, 32]`, the next ones `next` numbers further on.
    static TileRows of_tiles(const Bfloat16Bits *tiles, int64_t next, int64_t pieces) {
        return {.first = tiles, .second = tiles + next, .line = tile_depth, .step = pieces * tile_numbers};
    }
};

/// sums = left · right.
struct TileProduct {
    TileRows left;
    /// `[steps, pieces, 2, 16, 32]`
    const Bfloat16Bits *right;
    int64_t steps;
    /// One or two, of so many rows as the tile unit is set up for.
    int64_t tiles_of_rows, rows_of_tile = tile_lines;
    /// One or two.
    int64_t tiles_of_columns;
    /// `[32, stride]`, or fewer rows and columns where there are fewer tiles.
    float *sums = nullptr;
    int64_t stride = 0;
    /// What a later product will read, fetched into the second cache meanwhile, so many lines of it in each step; null:
    /// nothing.
    const Bfloat16Bits *ahead = nullptr;
    int64_t ahead_lines = 0;
};

/// What becomes of the sums: act(sums + before + bias + addend) into `out`, or sums + before into `between` if `out` is null.
template <typename T>
struct TileResult {
    /// `[rows, 32]`
    const float *sums = nullptr;
    int64_t rows = 0;
    /// 16 or 32.
    int64_t width = 0;
    /// Sums of earlier parts of the summed axis; null: none.
    const float *before = nullptr;
    float *between = nullptr;
    int64_t between_stride = 0;
    T *out = nullptr;
    int64_t stride = 0;
    /// `[width]`, and as `out`; null: none.
    const float *bias = nullptr;
    const T *addend = nullptr;
    bool relu = false;
};

/// What the sums of so many pieces are the result of.
template <int64_t pieces>
using TileNumber = std::conditional_t<pieces == pieces_of_bfloat16, Bfloat16Bits, float>;

/// - earlier: the result of an earlier product with other sums, stored meanwhile: the tile unit doesn't wait for it. Without
///   rows: nothing.
template <int64_t pieces>
void tile_product(const TileProduct &product, const TileResult<TileNumber<pieces>> &earlier);

template <typename T>
void tile_store(const TileResult<T> &result);

/// Asks for what `tile_store` is going to write and read.
template <typename T>
void tile_prefetch(const TileResult<T> &result);

/// Products one after the other: while one is made the result of the one before is stored.
template <int64_t pieces>
class TileProducts {
public:
    using Result = TileResult<TileNumber<pieces>>;

    /// Neither the `sums` of the product nor those of the result need be given.
    void add(TileProduct product, const Result &result) {
        product.sums = sums[number];
        product.stride = tile_panel;
        tile_product<pieces>(product, earlier);
        earlier = result;
        earlier.sums = sums[number];
        number = 1 - number;
    }

    /// The sums are the result as they are.
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
