#include "resample_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// Two neighbouring weights in every 32-bit lane.
static inline __m256i weight_pair(const int16_t *weights) {
    int pair;
    memcpy(&pair, weights, sizeof pair);
    return _mm256_set1_epi32(pair);
}

/// A loop with this count known when it is compiled, where it is small; the loop is then gone.
#define WITH_CONSTANT(count, call) \
    switch (count) { \
    case 1: { enum { constant = 1 }; call; break; } \
    case 2: { enum { constant = 2 }; call; break; } \
    case 3: { enum { constant = 3 }; call; break; } \
    case 4: { enum { constant = 4 }; call; break; } \
    default: { const int constant = count; call; break; } \
    }

/// 16 samples of the blend at `source`.
static inline __attribute__((always_inline)) __m256i blend_rows(
    const uint8_t *source, size_t pitch, const int16_t *weights, int count, int pairs, __m256i half, __m128i shift) {
    __m256i low = half, high = half;
    for (int p = 0; p < pairs; p++) {
        const uint8_t *row = source + (size_t)p * 2 * pitch;
        // The weight beyond an odd count is zero, the row beyond it perhaps not ours to read.
        const uint8_t *next = 2 * p + 1 < count ? row + pitch : row;
        __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)row));
        __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)next));
        __m256i w = weight_pair(weights + 2 * p);
        low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), w));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), w));
    }
    return _mm256_packs_epi32(_mm256_sra_epi32(low, shift), _mm256_sra_epi32(high, shift));
}

static inline __attribute__((always_inline)) void rows_of_pairs(
    const uint8_t *source, size_t pitch, size_t samples, const int16_t *weights, int count, int pairs, int bits,
    int16_t *target) {
    int shift = bits - cm_fraction_bits;
    __m256i half = _mm256_set1_epi32(1 << (shift - 1));
    __m128i shifts = _mm_cvtsi32_si128(shift);
    for (size_t x = 0; x < samples; x += 16) {
        // The last block reaches back rather than past the end.
        if (x + 16 > samples) x = samples - 16;
        __m256i sum = blend_rows(source + x, pitch, weights, count, pairs, half, shifts);
        _mm256_storeu_si256((__m256i *)(target + x), sum);
    }
}

static void avx2_rows(
    const uint8_t *source, size_t pitch, size_t samples, const int16_t *weights, int count, int bits, int16_t *target) {
    if (samples < 16) {
        cm_plain_kernels.rows(source, pitch, samples, weights, count, bits, target);
        return;
    }
    int pairs = (count + 1) / 2;
    WITH_CONSTANT(pairs, rows_of_pairs(source, pitch, samples, weights, count, constant, bits, target))
}

/// The same 8 samples' place in two rows, one row in each half.
static inline __m256i load_rows(const int16_t *a, const int16_t *b) {
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)a)), _mm_loadu_si128((const __m128i *)b), 1);
}

static inline __attribute__((always_inline)) void columns3_of_pairs(
    const int16_t *a, const int16_t *b, const cm_taps *taps, int pairs, int target_width, uint8_t *to_a, uint8_t *to_b) {
    int shift = taps->bits + cm_fraction_bits;
    const __m256i half = _mm256_set1_epi32(1 << (shift - 1));
    const __m128i shifts = _mm_cvtsi32_si128(shift);
    // R0 G0 B0 R1 G1 B1 to R0 R1 G0 G1 B0 B1, as pairs for madd.
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -128, -128, -128, -128));
    const int16_t *weights = taps->weights;
    uint32_t pixel_a = 0, pixel_b = 0;
    for (int x = 0; x < target_width; x++, weights += taps->stride) {
        size_t at = (size_t)taps->first[x] * 3;
        __m256i sum = half;
        for (int p = 0; p < pairs; p++, at += 6)
            sum = _mm256_add_epi32(
                sum, _mm256_madd_epi16(
                         _mm256_shuffle_epi8(load_rows(a + at, b + at), order), weight_pair(weights + 2 * p)));
        sum = _mm256_sra_epi32(sum, shifts);
        sum = _mm256_packus_epi16(_mm256_packs_epi32(sum, sum), sum);
        pixel_a = (uint32_t)_mm256_extract_epi32(sum, 0);
        pixel_b = (uint32_t)_mm256_extract_epi32(sum, 4);
        if (x + 1 == target_width) break;
        // The fourth byte is overwritten by the next pixel.
        memcpy(to_a + (size_t)x * 3, &pixel_a, 4);
        memcpy(to_b + (size_t)x * 3, &pixel_b, 4);
    }
    memcpy(to_a + (size_t)(target_width - 1) * 3, &pixel_a, 3);
    memcpy(to_b + (size_t)(target_width - 1) * 3, &pixel_b, 3);
}

/// Beyond 4 pairs each target sample has its own count, so that the kernel reads no further than its slack.
static void columns3_of_any(
    const int16_t *a, const int16_t *b, const cm_taps *taps, int target_width, uint8_t *to_a, uint8_t *to_b) {
    for (int x = 0; x < target_width; x++) {
        cm_taps one = *taps;
        one.first = taps->first + x;
        one.weights = taps->weights + (size_t)x * (size_t)taps->stride;
        columns3_of_pairs(
            a, b, &one, (taps->count[x] + 1) / 2, 1, to_a + (size_t)x * 3, to_b + (size_t)x * 3);
    }
}

static void avx2_columns3(
    const int16_t *const source[2], int rows, const cm_taps *taps, int target_width, uint8_t *const target[2]) {
    const int16_t *a = source[0], *b = source[rows > 1];
    uint8_t *to_a = target[0], *to_b = target[rows > 1];
    switch ((taps->most + 1) / 2) {
    case 1: columns3_of_pairs(a, b, taps, 1, target_width, to_a, to_b); break;
    case 2: columns3_of_pairs(a, b, taps, 2, target_width, to_a, to_b); break;
    case 3: columns3_of_pairs(a, b, taps, 3, target_width, to_a, to_b); break;
    case 4: columns3_of_pairs(a, b, taps, 4, target_width, to_a, to_b); break;
    default: columns3_of_any(a, b, taps, target_width, to_a, to_b);
    }
}

/// Sums of the products for target sample `x`, spread over four lanes for each row; `few` promises at most 8 taps.
static inline __attribute__((always_inline)) __m256i blend_columns(
    const int16_t *a, const int16_t *b, const cm_taps *taps, int x, bool few) {
    size_t at = (size_t)taps->first[x];
    const int16_t *weights = taps->weights + (size_t)x * (few ? 8 : (size_t)taps->stride);
    __m256i sum = _mm256_madd_epi16(
        load_rows(a + at, b + at), _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)weights)));
    if (few) return sum;
    for (int k = 8; k < taps->count[x]; k += 8) {
        __m256i w = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(weights + k)));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load_rows(a + at + k, b + at + k), w));
    }
    return sum;
}

static inline __attribute__((always_inline)) void columns1(
    const int16_t *a, const int16_t *b, const cm_taps *taps, int target_width, int16_t *to_a, int16_t *to_b, bool few) {
    __m256i half = _mm256_set1_epi32(1 << (taps->bits - 1));
    __m128i shift = _mm_cvtsi32_si128(taps->bits);
    int x = 0;
    for (; x + 4 <= target_width; x += 4) {
        __m256i s01 = _mm256_hadd_epi32(blend_columns(a, b, taps, x, few), blend_columns(a, b, taps, x + 1, few));
        __m256i s23 = _mm256_hadd_epi32(blend_columns(a, b, taps, x + 2, few), blend_columns(a, b, taps, x + 3, few));
        __m256i sum = _mm256_sra_epi32(_mm256_add_epi32(_mm256_hadd_epi32(s01, s23), half), shift);
        sum = _mm256_packs_epi32(sum, sum);
        _mm_storel_epi64((__m128i *)(to_a + x), _mm256_castsi256_si128(sum));
        _mm_storel_epi64((__m128i *)(to_b + x), _mm256_extracti128_si256(sum, 1));
    }
    for (; x < target_width; x++) {
        __m256i sum = blend_columns(a, b, taps, x, few);
        sum = _mm256_hadd_epi32(sum, sum);
        sum = _mm256_hadd_epi32(sum, sum);
        sum = _mm256_sra_epi32(_mm256_add_epi32(sum, half), shift);
        to_a[x] = (int16_t)_mm256_extract_epi32(sum, 0);
        to_b[x] = (int16_t)_mm256_extract_epi32(sum, 4);
    }
}

static void avx2_columns1(
    const int16_t *const source[2], int rows, const cm_taps *taps, int target_width, int16_t *const target[2]) {
    if (taps->stride == 8) {
        columns1(source[0], source[rows > 1], taps, target_width, target[0], target[rows > 1], true);
    } else {
        columns1(source[0], source[rows > 1], taps, target_width, target[0], target[rows > 1], false);
    }
}

static void avx2_grey(const int16_t *source, int count, uint8_t *target) {
    __m256i half = _mm256_set1_epi16(1 << (cm_fraction_bits - 1));
    if (count < 16) {
        cm_plain_kernels.grey(source, count, target);
        return;
    }
    for (int i = 0; i < count; i += 16) {
        if (i + 16 > count) i = count - 16;
        __m256i v = _mm256_loadu_si256((const __m256i *)(source + i));
        v = _mm256_srai_epi16(_mm256_add_epi16(v, half), cm_fraction_bits);
        _mm_storeu_si128(
            (__m128i *)(target + i), _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
    }
}

/// (luma * 1 + rounding + blue * cb + red * cr) >> 20 for 8 pixels in two halves, as 8 signed 16-bit values.
static inline __m128i mix(__m256i luma_low, __m256i luma_high, __m256i chroma_low, __m256i chroma_high, __m256i w) {
    const int shift = 14 + cm_fraction_bits;
    __m256i low = _mm256_srai_epi32(_mm256_add_epi32(luma_low, _mm256_madd_epi16(chroma_low, w)), shift);
    __m256i high = _mm256_srai_epi32(_mm256_add_epi32(luma_high, _mm256_madd_epi16(chroma_high, w)), shift);
    __m256i words = _mm256_packs_epi32(low, high);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

static void avx2_rgb(const int16_t *y, const int16_t *cb, const int16_t *cr, int count, uint8_t *target) {
    if (count < 16) {
        cm_plain_kernels.rgb(y, cb, cr, count, target);
        return;
    }
    const __m256i middle = _mm256_set1_epi16(128 << cm_fraction_bits);
    const __m256i half = _mm256_set1_epi32(1 << (13 + cm_fraction_bits));
    const __m256i zero = _mm256_setzero_si256();
    // Pairs (cb, cr) of weights with 14 bits, as in the plain version.
    const __m256i red_weights = _mm256_set1_epi32((int)(22970u << 16));
    const __m256i green_weights = _mm256_set1_epi32((int)((uint32_t)(uint16_t)-11700 << 16 | (uint16_t)-5638));
    const __m256i blue_weights = _mm256_set1_epi32(29032);
    enum { z = -128 };
    const __m128i r0 = _mm_setr_epi8(0, z, z, 1, z, z, 2, z, z, 3, z, z, 4, z, z, 5);
    const __m128i g0 = _mm_setr_epi8(z, 0, z, z, 1, z, z, 2, z, z, 3, z, z, 4, z, z);
    const __m128i b0 = _mm_setr_epi8(z, z, 0, z, z, 1, z, z, 2, z, z, 3, z, z, 4, z);
    const __m128i r1 = _mm_setr_epi8(z, z, 6, z, z, 7, z, z, 8, z, z, 9, z, z, 10, z);
    const __m128i g1 = _mm_setr_epi8(5, z, z, 6, z, z, 7, z, z, 8, z, z, 9, z, z, 10);
    const __m128i b1 = _mm_setr_epi8(z, 5, z, z, 6, z, z, 7, z, z, 8, z, z, 9, z, z);
    const __m128i r2 = _mm_setr_epi8(z, 11, z, z, 12, z, z, 13, z, z, 14, z, z, 15, z, z);
    const __m128i g2 = _mm_setr_epi8(z, z, 11, z, z, 12, z, z, 13, z, z, 14, z, z, 15, z);
    const __m128i b2 = _mm_setr_epi8(10, z, z, 11, z, z, 12, z, z, 13, z, z, 14, z, z, 15);
    for (int i = 0; i < count; i += 16) {
        if (i + 16 > count) i = count - 16;
        __m256i luma = _mm256_loadu_si256((const __m256i *)(y + i));
        __m256i blue = _mm256_sub_epi16(_mm256_loadu_si256((const __m256i *)(cb + i)), middle);
        __m256i red = _mm256_sub_epi16(_mm256_loadu_si256((const __m256i *)(cr + i)), middle);
        // A luma of 14 bits above 16 of zeros, shifted right by two, is luma << 14.
        __m256i luma_low = _mm256_add_epi32(_mm256_srli_epi32(_mm256_unpacklo_epi16(zero, luma), 2), half);
        __m256i luma_high = _mm256_add_epi32(_mm256_srli_epi32(_mm256_unpackhi_epi16(zero, luma), 2), half);
        __m256i low = _mm256_unpacklo_epi16(blue, red), high = _mm256_unpackhi_epi16(blue, red);
        __m128i r = mix(luma_low, luma_high, low, high, red_weights);
        __m128i g = mix(luma_low, luma_high, low, high, green_weights);
        __m128i b = mix(luma_low, luma_high, low, high, blue_weights);
        __m128i *to = (__m128i *)(target + (size_t)i * 3);
        _mm_storeu_si128(
            to, _mm_or_si128(
                    _mm_or_si128(_mm_shuffle_epi8(r, r0), _mm_shuffle_epi8(g, g0)), _mm_shuffle_epi8(b, b0)));
        _mm_storeu_si128(
            to + 1, _mm_or_si128(
                        _mm_or_si128(_mm_shuffle_epi8(r, r1), _mm_shuffle_epi8(g, g1)), _mm_shuffle_epi8(b, b1)));
        _mm_storeu_si128(
            to + 2, _mm_or_si128(
                        _mm_or_si128(_mm_shuffle_epi8(r, r2), _mm_shuffle_epi8(g, g2)), _mm_shuffle_epi8(b, b2)));
    }
}

#pragma clang attribute pop

const cm_resample_kernels cm_avx2_kernels = {avx2_rows, avx2_columns3, avx2_columns1, avx2_grey, avx2_rgb};

#endif
