#include "convolution/tile_making.hpp"

#include <algorithm>

#include "convolution/word_transpose.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#endif

namespace ctorch {

#if defined(__x86_64__) && defined(__linux__)

namespace {

CTORCH_LINES_INLINE __m512 upper_half(__m512i bits) {
    return _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

/// The upper halves of two numbers as one of 32 bits.
CTORCH_LINES_INLINE __m512i pair(__m512i first, __m512i second) {
    return _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(first, 16), second);
}

/// The numbers i and 16 + i of 32 as pairs, piece by piece. With three pieces, each is what the one before cut off;
/// with two, both are rounded, ties away from zero.
template <int64_t count>
struct Pieces {
    __m512i lines[count];

    CTORCH_LINES_INLINE static Pieces of(__m512 first, __m512 second) {
        Pieces result;
#pragma unroll
        for (int i = 0; i < count; ++i) {
            __m512i a = _mm512_castps_si512(first), b = _mm512_castps_si512(second);
            if constexpr (count == 2) {
                a = _mm512_add_epi32(a, _mm512_set1_epi32(0x8000));
                b = _mm512_add_epi32(b, _mm512_set1_epi32(0x8000));
            }
            result.lines[i] = pair(a, b);
            first = _mm512_sub_ps(first, upper_half(a));
            second = _mm512_sub_ps(second, upper_half(b));
        }
        return result;
    }

    /// Stores the pieces, `piece` numbers apart.
    CTORCH_LINES_INLINE void store(Bfloat16Bits *to, int64_t piece) const {
#pragma unroll
        for (int i = 0; i < count; ++i) _mm512_storeu_si512(to + i * piece, lines[i]);
    }
};

CTORCH_LINES_INLINE void store_turned(__m512i lines[16], Bfloat16Bits *to) {
    transpose(lines);
#pragma unroll
    for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + i * tile_depth, lines[i]);
}

CTORCH_LINES_INLINE __m512 row_or_zeros(const float *row, int64_t offset) {
    return row == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(row + offset);
}

/// Fetches the columns after these: rows are read a few columns at a time, which no hardware foresees.
CTORCH_LINES_INLINE void fetch_next(const float *const *rows, int64_t columns) {
    for (int64_t i = 0; i < 2 * tile_lines; ++i) {
        if (rows[i] == nullptr) continue;
        for (int64_t j = columns; j < 2 * columns; j += 16) __builtin_prefetch(rows[i] + j, 0, 2);
    }
}

/// The first `count` of 16 numbers, with zeros in the place of the others.
CTORCH_LINES_INLINE __m512 some(const float *from, int64_t count) {
    if (count >= 16) return _mm512_loadu_ps(from);
    return count <= 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
}

CTORCH_LINES_INLINE __m512i some(const Bfloat16Bits *from, int64_t count) {
    if (count >= 32) return _mm512_loadu_si512(from);
    return _mm512_maskz_loadu_epi16(static_cast<__mmask32>((uint64_t{1} << count) - 1), from);
}

}  // namespace

template <int64_t pieces>
CTORCH_LINES void tile_row(const float *from, int64_t count, Bfloat16Bits *to, int64_t step, int64_t piece) {
    for (; count > 0; count -= tile_depth) {
        if (count >= tile_depth) {
            Pieces<pieces>::of(_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16)).store(to, piece);
        } else {
            Pieces<pieces>::of(some(from, count), some(from + 16, count - 16)).store(to, piece);
        }
        from += tile_depth;
        to += step;
    }
}

template <int64_t pieces>
CTORCH_LINES void tile_row(const Bfloat16Bits *from, int64_t count, Bfloat16Bits *to, int64_t step, int64_t) {
    for (; count > 0; count -= tile_depth) {
        _mm512_storeu_si512(to, some(from, count));
        from += tile_depth;
        to += step;
    }
}

CTORCH_LINES void tile_row_of_pixels(
    const Bfloat16Bits *const *pixels, int64_t steps_of_pixel, int64_t skipped, int64_t steps, int64_t pieces,
    Bfloat16Bits *to) {
    const int64_t lines_of_pixel = steps_of_pixel * pieces;
    for (int64_t lines = steps * pieces, first = skipped * pieces; lines > 0; ++pixels, first = 0) {
        const Bfloat16Bits *from = *pixels + first * tile_depth;
        int64_t count = std::min(lines_of_pixel - first, lines);
        lines -= count;
        for (; count >= 2; count -= 2) {
            _mm512_storeu_si512(to, _mm512_loadu_si512(from));
            _mm512_storeu_si512(to + tile_numbers, _mm512_loadu_si512(from + tile_depth));
            from += 2 * tile_depth;
            to += 2 * tile_numbers;
        }
        if (count > 0) {
            _mm512_storeu_si512(to, _mm512_loadu_si512(from));
            to += tile_numbers;
        }
    }
}

CTORCH_LINES void tile_row_of_stretches(
    const Bfloat16Bits *corner, const Stretch *stretches, int64_t count, Bfloat16Bits *to) {
    for (; count > 0; --count, ++stretches) {
        const __m512i numbers = _mm512_maskz_loadu_epi16(stretches->mask, corner + stretches->from);
        if (stretches->begins_line) {
            _mm512_storeu_si512(to + stretches->to, numbers);
        } else {
            _mm512_mask_storeu_epi16(to + stretches->to, stretches->mask, numbers);
        }
    }
}

CTORCH_LINES void tile_of_rows(const float *const *rows, int64_t columns, Bfloat16Bits *to, int64_t piece) {
    fetch_next(rows, columns);
    for (int64_t first = 0; first < columns; first += 16) {
        Bfloat16Bits *line = to + first / 16 * tile_numbers;
        for (int64_t i = 0; i < tile_lines; ++i) {
            Pieces<pieces_of_gradients>::of(row_or_zeros(rows[i], first), row_or_zeros(rows[tile_lines + i], first))
                .store(line, piece);
            line += tile_depth;
        }
    }
}

namespace {

template <int64_t pieces>
CTORCH_LINES_INLINE void store_turned(const Pieces<pieces> rows[16], Bfloat16Bits *to, int64_t piece) {
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
        __m512i lines[16];
#pragma unroll
        for (int i = 0; i < 16; ++i) lines[i] = rows[i].lines[p];
        store_turned(lines, to + p * piece);
    }
}

}  // namespace

CTORCH_LINES void tile_of_columns(const float *const *rows, Bfloat16Bits *to) {
    fetch_next(rows, tile_lines);
    Pieces<pieces_of_gradients> lines[16];
    for (int64_t i = 0; i < tile_lines; ++i) {
        lines[i] = Pieces<pieces_of_gradients>::of(row_or_zeros(rows[i], 0), row_or_zeros(rows[tile_lines + i], 0));
    }
    store_turned(lines, to, tile_numbers);
}

template <int64_t pieces>
CTORCH_LINES void tile_of_weights(
    const float *rows, int64_t columns, int64_t stride, int64_t count, Bfloat16Bits *to, int64_t piece) {
    Pieces<pieces> lines[16];
    for (int64_t i = 0; i < tile_lines; ++i) {
        const int64_t known = i < columns ? count : 0;
        const float *row = rows + i * stride;
        lines[i] = Pieces<pieces>::of(some(row, known), some(row + 16, known - 16));
    }
    store_turned(lines, to, piece);
}

template <int64_t pieces>
CTORCH_LINES void tile_of_weights(
    const Bfloat16Bits *rows, int64_t columns, int64_t stride, int64_t count, Bfloat16Bits *to, int64_t) {
    __m512i lines[16];
    for (int64_t i = 0; i < tile_lines; ++i) {
        lines[i] = i < columns ? some(rows + i * stride, count) : _mm512_setzero_si512();
    }
    store_turned(lines, to);
}

#else

template <int64_t pieces>
void tile_row(const float *, int64_t, Bfloat16Bits *, int64_t, int64_t) {}
template <int64_t pieces>
void tile_row(const Bfloat16Bits *, int64_t, Bfloat16Bits *, int64_t, int64_t) {}
void tile_row_of_pixels(const Bfloat16Bits *const *, int64_t, int64_t, int64_t, int64_t, Bfloat16Bits *) {}
void tile_row_of_stretches(const Bfloat16Bits *, const Stretch *, int64_t, Bfloat16Bits *) {}
void tile_of_rows(const float *const *, int64_t, Bfloat16Bits *, int64_t) {}
void tile_of_columns(const float *const *, Bfloat16Bits *) {}
template <int64_t pieces>
void tile_of_weights(const float *, int64_t, int64_t, int64_t, Bfloat16Bits *, int64_t) {}
template <int64_t pieces>
void tile_of_weights(const Bfloat16Bits *, int64_t, int64_t, int64_t, Bfloat16Bits *, int64_t) {}

#endif

template void tile_row<2>(const float *, int64_t, Bfloat16Bits *, int64_t, int64_t);
template void tile_row<3>(const float *, int64_t, Bfloat16Bits *, int64_t, int64_t);
template void tile_row<1>(const Bfloat16Bits *, int64_t, Bfloat16Bits *, int64_t, int64_t);
template void tile_of_weights<2>(const float *, int64_t, int64_t, int64_t, Bfloat16Bits *, int64_t);
template void tile_of_weights<3>(const float *, int64_t, int64_t, int64_t, Bfloat16Bits *, int64_t);
template void tile_of_weights<1>(const Bfloat16Bits *, int64_t, int64_t, int64_t, Bfloat16Bits *, int64_t);

}  // namespace ctorch
