// The tile unit's instructions by AVX-512's dot product of bfloat16, which rounds as they do. A build with `CTORCH_EMULATED_TILES`
// computes by them, so that what is made for the tile unit is tested on machines without one.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "convolution/tile_unit.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

struct EmulatedTiles {
    alignas(64) uint32_t words[8][16][16];
    /// Lines of the left factor's tiles and of the sums; the right factor's have sixteen.
    int64_t rows = 16;

    int64_t lines(int tile) const { return tile < 6 ? rows : 16; }
};
extern thread_local EmulatedTiles emulated_tiles;

inline void emulated_tile_zero(int tile) {
    std::memset(emulated_tiles.words[tile], 0, sizeof emulated_tiles.words[tile]);
}

inline void emulated_tile_load(int tile, const void *from, int64_t stride) {
    for (int64_t i = 0; i < emulated_tiles.lines(tile); ++i)
        std::memcpy(emulated_tiles.words[tile][i], static_cast<const char *>(from) + i * stride, 64);
}

inline void emulated_tile_store(int tile, void *into, int64_t stride) {
    for (int64_t i = 0; i < emulated_tiles.lines(tile); ++i)
        std::memcpy(static_cast<char *>(into) + i * stride, emulated_tiles.words[tile][i], 64);
}

CTORCH_LINES inline void emulated_tile_multiply(int sums, int left, int right) {
    for (int64_t i = 0; i < emulated_tiles.rows; ++i) {
        __m512 line = _mm512_load_ps(reinterpret_cast<const float *>(emulated_tiles.words[sums][i]));
        for (int k = 0; k < 16; ++k) {
            const __m512i a = _mm512_set1_epi32(static_cast<int>(emulated_tiles.words[left][i][k]));
            const __m512i b = _mm512_load_si512(emulated_tiles.words[right][k]);
            line = _mm512_dpbf16_ps(line, (__m512bh)a, (__m512bh)b);
        }
        _mm512_store_ps(reinterpret_cast<float *>(emulated_tiles.words[sums][i]), line);
    }
}

}  // namespace ctorch

// The compiler's instructions are macros.
#undef _tile_zero
#undef _tile_loadd
#undef _tile_dpbf16ps
#undef _tile_stored
#define _tile_zero emulated_tile_zero
#define _tile_loadd emulated_tile_load
#define _tile_dpbf16ps emulated_tile_multiply
#define _tile_stored emulated_tile_store

#pragma GCC visibility pop
