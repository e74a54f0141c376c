#include "resample_kernels.h"

static inline uint8_t byte_of(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

static void plain_rows(
    const uint8_t *source, size_t pitch, size_t samples, const int16_t *weights, int count, int bits, int16_t *target) {
    int shift = bits - cm_fraction_bits, half = 1 << (shift - 1);
    enum { block = 64 };
    for (size_t x0 = 0; x0 < samples; x0 += block) {
        int n = samples - x0 < block ? (int)(samples - x0) : block;
        int sums[block];
        for (int x = 0; x < n; x++) sums[x] = half;
        for (int k = 0; k < count; k++) {
            const uint8_t *row = source + (size_t)k * pitch + x0;
            for (int x = 0; x < n; x++) sums[x] += weights[k] * row[x];
        }
        for (int x = 0; x < n; x++) target[x0 + (size_t)x] = (int16_t)(sums[x] >> shift);
    }
}

static void plain_columns3(
    const int16_t *const source[2], int rows, const cm_taps *taps, int target_width, uint8_t *const target[2]) {
    int shift = taps->bits + cm_fraction_bits, half = 1 << (shift - 1);
    for (int y = 0; y < rows; y++) {
        uint8_t *to = target[y];
        for (int x = 0; x < target_width; x++, to += 3) {
            const int16_t *from = source[y] + (size_t)taps->first[x] * 3;
            const int16_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
            int red = half, green = half, blue = half;
            for (int k = 0; k < taps->count[x]; k++, from += 3) {
                red += weights[k] * from[0];
                green += weights[k] * from[1];
                blue += weights[k] * from[2];
            }
            to[0] = (uint8_t)(red >> shift);
            to[1] = (uint8_t)(green >> shift);
            to[2] = (uint8_t)(blue >> shift);
        }
    }
}

static void plain_columns1(
    const int16_t *const source[2], int rows, const cm_taps *taps, int target_width, int16_t *const target[2]) {
    int half = 1 << (taps->bits - 1);
    for (int y = 0; y < rows; y++) {
        for (int x = 0; x < target_width; x++) {
            const int16_t *from = source[y] + taps->first[x];
            const int16_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
            int sum = half;
            for (int k = 0; k < taps->count[x]; k++) sum += weights[k] * from[k];
            target[y][x] = (int16_t)(sum >> taps->bits);
        }
    }
}

static void plain_grey(const int16_t *source, int count, uint8_t *target) {
    for (int i = 0; i < count; i++) target[i] = byte_of((source[i] + (1 << (cm_fraction_bits - 1))) >> cm_fraction_bits);
}

/// Coefficients of 14 bits.
static void plain_rgb(const int16_t *y, const int16_t *cb, const int16_t *cr, int count, uint8_t *target) {
    const int middle = 128 << cm_fraction_bits, shift = 14 + cm_fraction_bits;
    for (int i = 0; i < count; i++, target += 3) {
        int luma = (y[i] << 14) + (1 << (shift - 1)), blue = cb[i] - middle, red = cr[i] - middle;
        target[0] = byte_of((luma + 22970 * red) >> shift);
        target[1] = byte_of((luma - 5638 * blue - 11700 * red) >> shift);
        target[2] = byte_of((luma + 29032 * blue) >> shift);
    }
}

const cm_resample_kernels cm_plain_kernels = {plain_rows, plain_columns3, plain_columns1, plain_grey, plain_rgb};

const cm_resample_kernels *cm_choose_resample_kernels(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return &cm_avx2_kernels;
#endif
    return &cm_plain_kernels;
}
