// The innermost loops of `tile_gemm`: products of bfloat16 matrices on the CPU's tile unit (AMX).
//
// A float32 number is the sum of three bfloat16 pieces of eight bits of its mantissa each, exactly. A product of two such
// numbers is summed from six products of pieces, in float32; the three that are left out are below the last bit. Two
// pieces keep 17 bits and take three products. (Henry, Tang and Heinecke, "Leveraging the bfloat16 artificial intelligence
// datatype for higher-precision computations", 2019.)
//
// A tile has 16 lines of 32 numbers, 64 bytes. The left factor's tiles hold 16 rows by 32 of the summed axis; the right
// factor's hold 16 pairs of the summed axis by 16 columns. Of float32 numbers i and 16 + i of the summed axis are a pair,
// which takes no shuffling to make; of bfloat16 numbers 2i and 2i + 1, which lie so in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace ctorch {

/// bfloat16 as it lies in memory.
using Piece = uint16_t;

constexpr int64_t tile_lines = 16, tile_depth = 32, tile_numbers = tile_lines * tile_depth;
/// Columns of one panel of the right factor: two tiles side by side.
constexpr int64_t tile_panel = 32;

/// Pieces of a number: one of bfloat16, three of float32 where all digits are wanted, or two.
constexpr int64_t pieces_of_bfloat16 = 1, pieces_of_gradients = 2, pieces_of_values = 3;

/// Steps of 32 that cover a summed axis.
constexpr int64_t steps_of(int64_t depth) { return (depth + tile_depth - 1) / tile_depth; }

/// Memory that begins with a line of the cache.
template <typename T>
class Scratch {
public:
    explicit Scratch(int64_t count)
        : values(static_cast<T *>(::operator new(static_cast<size_t>(count) * sizeof(T), alignment))) {}
    ~Scratch() { ::operator delete(values, alignment); }
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;
    T *get() const { return values; }

private:
    static constexpr std::align_val_t alignment{64};
    T *values;
};

/// Whether this CPU has a tile unit that multiplies bfloat16, and the system lets this process use it.
bool tiles_are_present();

/// The tile unit set up for this thread, and given back at the end.
class TileUnit {
public:
    TileUnit();
    ~TileUnit();
    TileUnit(const TileUnit &) = delete;
    TileUnit &operator=(const TileUnit &) = delete;
};

/// A row of the left factor: lines of 32 numbers for each piece. What `count` lacks to a multiple of 32 is zero.
///
/// - step: numbers from line to line of one piece.
/// - piece: numbers from piece to piece of one line.
template <int64_t pieces>
void tile_row(const float *from, int64_t count, Piece *to, int64_t step, int64_t piece);
template <int64_t pieces>
void tile_row(const Piece *from, int64_t count, Piece *to, int64_t step, int64_t piece);

/// Lines that were made before, `[steps, pieces, 32]`, as a row of tiles `[steps, pieces, 16, 32]`; null: zeros.
void tile_row_of_lines(const Piece *lines, int64_t steps, int64_t pieces, Piece *to);

/// The summed axis lies in rows: 32 of them, null: zeros. Tiles of the right factor, of 16 columns or two of 32, and those
/// of the other piece `piece` numbers further on.
void tile_of_rows(const float *const *rows, int64_t columns, Piece *to, int64_t piece);
/// The same as tiles `[2, 16, 32]` of the left factor: what were 16 columns are its rows.
void tile_of_columns(const float *const *rows, Piece *to);
/// The summed axis lies in columns of a right factor: `columns` (at most 16) rows of `count` (at most 32) numbers.
/// Tiles of the pieces, `piece` numbers apart.
template <int64_t pieces>
void tile_of_weights(const float *rows, int64_t columns, int64_t stride, int64_t count, Piece *to, int64_t piece);
template <int64_t pieces>
void tile_of_weights(const Piece *rows, int64_t columns, int64_t stride, int64_t count, Piece *to, int64_t piece);

/// sums = left · right.
struct TileProduct {
    /// `[steps, pieces, 16, 32]`, and the next 16 rows `next` numbers further on.
    const Piece *left;
    int64_t next;
    /// `[steps, pieces, 2, 16, 32]`
    const Piece *right;
    int64_t steps;
    /// One or two.
    int64_t tiles_of_rows, tiles_of_columns;
    /// `[32, stride]`, or fewer rows and columns where there are fewer tiles.
    float *sums;
    int64_t stride;
    /// What a later product will read, fetched into the second cache meanwhile, so many lines of it in each step; null:
    /// nothing.
    const Piece *ahead;
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
