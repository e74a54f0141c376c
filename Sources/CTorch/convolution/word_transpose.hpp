// Rows of words turned into columns, in AVX-512's registers.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "core/simd.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Makes columns of the rows of 16 × 16 numbers of 32 bits.
CTORCH_AVX512_INLINE void transpose(__m512i rows[16]) {
    __m512i a[16], b[16];
#pragma unroll
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    // Each register holds four columns of four rows in each quarter.
#pragma unroll
    for (int i = 0; i < 16; i += 4) {
        b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
        b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
        b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
        b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const __m512i even_top = _mm512_shuffle_i32x4(b[i], b[i + 4], 0x88),
                      odd_top = _mm512_shuffle_i32x4(b[i], b[i + 4], 0xdd);
        const __m512i even_end = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0x88);
        const __m512i odd_end = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0xdd);
        rows[i] = _mm512_shuffle_i32x4(even_top, even_end, 0x88);
        rows[i + 8] = _mm512_shuffle_i32x4(even_top, even_end, 0xdd);
        rows[i + 4] = _mm512_shuffle_i32x4(odd_top, odd_end, 0x88);
        rows[i + 12] = _mm512_shuffle_i32x4(odd_top, odd_end, 0xdd);
    }
}

}  // namespace ctorch

#pragma GCC visibility pop

#endif
