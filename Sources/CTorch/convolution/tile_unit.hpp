// The CPU's tile unit (AMX), which multiplies bfloat16 matrices: what its tiles hold, and its use by a thread.
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

#include "core/simd.hpp"

#pragma GCC visibility push(hidden)

// Attributes for functions that use the tile unit, and for those that use AVX-512, which every CPU with a tile unit has.
#define CTORCH_LINES_TARGET CTORCH_AVX512_TARGET ",avx512bf16"
#define CTORCH_TILES __attribute__((target("amx-tile,amx-bf16," CTORCH_LINES_TARGET), noinline))
#define CTORCH_TILES_INLINE __attribute__((target("amx-tile,amx-bf16," CTORCH_LINES_TARGET), always_inline)) inline
#define CTORCH_LINES __attribute__((target(CTORCH_LINES_TARGET), noinline))
#define CTORCH_LINES_INLINE __attribute__((target(CTORCH_LINES_TARGET), always_inline)) inline

namespace ctorch {

constexpr int64_t tile_lines = 16, tile_depth = 32, tile_numbers = tile_lines * tile_depth;
/// Columns of one panel of the right factor: two tiles side by side.
constexpr int64_t tile_panel = 32;

/// Pieces of a number: one of bfloat16, two of float32 in gradients, and three where all its digits are wanted.
constexpr int64_t pieces_of_bfloat16 = 1, pieces_of_gradients = 2, pieces_of_values = 3;

/// How many steps of 32 cover a summed axis.
constexpr int64_t steps_of(int64_t depth) { return (depth + tile_depth - 1) / tile_depth; }

/// Memory that begins where a line of the cache does.
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
    /// - rows: of the left factor's tiles and of the sums, at most 16.
    explicit TileUnit(int64_t rows = tile_lines);
    ~TileUnit();
    TileUnit(const TileUnit &) = delete;
    TileUnit &operator=(const TileUnit &) = delete;
};

}  // namespace ctorch

#pragma GCC visibility pop
