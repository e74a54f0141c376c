#include "resample/resample_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// Two weights that follow each other, in every 32-bit lane.
static inline __m256i weight_pair(const int16_t *weights) {
    int pair;
    memcpy(&pair, weights, sizeof pair);
    return _mm256_set1_epi32(pair);
}

/// Makes `call` with `constant` in the place of `count`. Where the count is small, the compiler knows it and unrolls
/// the loops over it.
#define WITH_CONSTANT(count, call) \
    switch (count) { \
        case 1: { \
            enum { constant = 1 }; \
            call; \
            break; \
        } \
        case 2: { \
            enum { constant = 2 }; \
            call; \
            break; \
        } \
        case 3: { \
            enum { constant = 3 }; \
            call; \
            break; \
        } \
        case 4: { \
            enum { constant = 4 }; \
            call; \
            break; \
        } \
        default: { \
            const int constant = count; \
            call; \
            break; \
        } \
    }

/// Blends 16 samples of `count` rows, which are `pitch` apart, from `source` on.
static inline __attribute__((always_inline)) __m256i blend_rows(
    const uint8_t *source, size_t pitch, const int16_t *weights, int count, int pairs, __m256i half, __m128i shift) {
    __m256i low = half, high = half;
    for (int p = 0; p < pairs; p++) {
        const uint8_t *row = source + (size_t)p * 2 * pitch;
        // With an odd count the last weight is zero, and its row may lie outside the picture: the one before is read.
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
        // The last block overlaps the one before it rather than reach past the end.
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

/// Transposes 16 rows of 16 samples.
static inline __attribute__((always_inline)) void transpose(__m256i r[16]) {
    __m256i a[16], b[16];
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm256_unpacklo_epi16(r[i], r[i + 1]);
        a[i + 1] = _mm256_unpackhi_epi16(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 2]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 2]);
        b[i + 2] = _mm256_unpacklo_epi32(a[i + 1], a[i + 3]);
        b[i + 3] = _mm256_unpackhi_epi32(a[i + 1], a[i + 3]);
    }
    for (int i = 0; i < 16; i += 8) {
        for (int k = 0; k < 4; k++) {
            a[i + 2 * k] = _mm256_unpacklo_epi64(b[i + k], b[i + 4 + k]);
            a[i + 2 * k + 1] = _mm256_unpackhi_epi64(b[i + k], b[i + 4 + k]);
        }
    }
    for (int k = 0; k < 8; k++) {
        r[k] = _mm256_permute2x128_si256(a[k], a[8 + k], 0x20);
        r[8 + k] = _mm256_permute2x128_si256(a[k], a[8 + k], 0x31);
    }
}

/// Transposes blocks of 16 x 16; `pitch` leads from row to row of a block and `step` from block to block.
static void transpose_all(
    const int16_t *from, size_t from_pitch, size_t from_step, int16_t *to, size_t to_pitch, size_t to_step,
    size_t blocks) {
    for (size_t block = 0; block < blocks; block++, from += from_step, to += to_step) {
        __m256i r[16];
        for (int i = 0; i < 16; i++) r[i] = _mm256_loadu_si256((const __m256i *)(from + (size_t)i * from_pitch));
        transpose(r);
        for (int i = 0; i < 16; i++) _mm256_storeu_si256((__m256i *)(to + (size_t)i * to_pitch), r[i]);
    }
}

static inline __attribute__((always_inline)) void blend_columns(
    const int16_t *columns, int channels, const cm_taps *taps, int x, int pairs, int16_t *to) {
    const __m256i half = _mm256_set1_epi32(1 << (taps->bits - 1));
    const __m128i shift = _mm_cvtsi32_si128(taps->bits);
    const int16_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
    const int16_t *from = columns + (size_t)taps->first[x] * (size_t)channels * 16;
    for (int c = 0; c < channels; c++, from += 16, to += 16) {
        __m256i low = half, high = half;
        for (int p = 0; p < pairs; p++) {
            __m256i a = _mm256_loadu_si256((const __m256i *)(from + (size_t)(2 * p) * (size_t)channels * 16));
            __m256i b = _mm256_loadu_si256((const __m256i *)(from + (size_t)(2 * p + 1) * (size_t)channels * 16));
            __m256i w = weight_pair(weights + 2 * p);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), w));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), w));
        }
        __m256i sum = _mm256_packs_epi32(_mm256_sra_epi32(low, shift), _mm256_sra_epi32(high, shift));
        _mm256_storeu_si256((__m256i *)to, sum);
    }
}

static inline __attribute__((always_inline)) void blend_all_columns(
    const int16_t *columns, int channels, const cm_taps *taps, int pairs, int target_width, int16_t *blended) {
    for (int x = 0; x < target_width; x++)
        blend_columns(columns, channels, taps, x, pairs, blended + (size_t)x * (size_t)channels * 16);
}

/// Transposes the strip, so that a vector holds one column of its 16 rows: columns are then blended as rows are.
static void avx2_columns(cm_strip *strip, size_t samples, int channels, const cm_taps *taps, int target_width) {
    transpose_all(strip->rows, strip->stride, 16, strip->columns, 16, 256, (samples + 15) / 16);
    const int16_t *columns = strip->columns;
    int16_t *blended = strip->blended;
    // With an odd count the last weight is zero, and its column may lie in the strip's slack.
    switch ((taps->most + 1) / 2 * 4 + channels) {
        case 1 * 4 + 1: blend_all_columns(columns, 1, taps, 1, target_width, blended); break;
        case 2 * 4 + 1: blend_all_columns(columns, 1, taps, 2, target_width, blended); break;
        case 3 * 4 + 1: blend_all_columns(columns, 1, taps, 3, target_width, blended); break;
        case 4 * 4 + 1: blend_all_columns(columns, 1, taps, 4, target_width, blended); break;
        case 1 * 4 + 3: blend_all_columns(columns, 3, taps, 1, target_width, blended); break;
        case 2 * 4 + 3: blend_all_columns(columns, 3, taps, 2, target_width, blended); break;
        case 3 * 4 + 3: blend_all_columns(columns, 3, taps, 3, target_width, blended); break;
        case 4 * 4 + 3: blend_all_columns(columns, 3, taps, 4, target_width, blended); break;
        default:
            for (int x = 0; x < target_width; x++)
                blend_columns(
                    columns, channels, taps, x, (taps->count[x] + 1) / 2, blended + (size_t)x * (size_t)channels * 16);
    }
    size_t target_samples = (size_t)target_width * (size_t)channels;
    transpose_all(blended, 16, 256, strip->target, strip->target_stride, 16, (target_samples + 15) / 16);
}

static void avx2_bytes(const int16_t *source, int count, uint8_t *target) {
    __m256i half = _mm256_set1_epi16(1 << (cm_fraction_bits - 1));
    if (count < 16) {
        cm_plain_kernels.bytes(source, count, target);
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

/// One colour of 16 pixels, 8 bits each: (luma + w[0] * cb + w[1] * cr) >> 20. Luma has been shifted and rounded for
/// it.
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
    // Weights of (cb, cr) in 14 bits, as in the plain version.
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
            to, _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, r0), _mm_shuffle_epi8(g, g0)), _mm_shuffle_epi8(b, b0)));
        _mm_storeu_si128(
            to + 1,
            _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, r1), _mm_shuffle_epi8(g, g1)), _mm_shuffle_epi8(b, b1)));
        _mm_storeu_si128(
            to + 2,
            _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, r2), _mm_shuffle_epi8(g, g2)), _mm_shuffle_epi8(b, b2)));
    }
}

#pragma clang attribute pop

const cm_resample_kernels cm_avx2_kernels = {avx2_rows, avx2_columns, avx2_bytes, avx2_rgb};

#endif
