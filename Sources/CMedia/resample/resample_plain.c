#include "resample/resample_kernels.h"

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

static void plain_columns(cm_strip *strip, size_t samples, int channels, const cm_taps *taps, int target_width) {
    (void)samples;
    int half = 1 << (taps->bits - 1);
    for (int y = 0; y < cm_strip_rows; y++) {
        const int16_t *row = strip->rows + (size_t)y * strip->stride;
        int16_t *to = strip->target + (size_t)y * strip->target_stride;
        for (int x = 0; x < target_width; x++) {
            const int16_t *from = row + (size_t)taps->first[x] * (size_t)channels;
            const int16_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
            for (int c = 0; c < channels; c++) {
                int sum = half;
                for (int k = 0; k < taps->count[x]; k++) sum += weights[k] * from[k * channels + c];
                *to++ = (int16_t)(sum >> taps->bits);
            }
        }
    }
}

static void plain_bytes(const int16_t *source, int count, uint8_t *target) {
    for (int i = 0; i < count; i++)
        target[i] = byte_of((source[i] + (1 << (cm_fraction_bits - 1))) >> cm_fraction_bits);
}

/// With JFIF's coefficients in 14 bits.
static void plain_rgb(const int16_t *y, const int16_t *cb, const int16_t *cr, int count, uint8_t *target) {
    const int middle = 128 << cm_fraction_bits, shift = 14 + cm_fraction_bits;
    for (int i = 0; i < count; i++, target += 3) {
        int luma = (y[i] << 14) + (1 << (shift - 1)), blue = cb[i] - middle, red = cr[i] - middle;
        target[0] = byte_of((luma + 22970 * red) >> shift);
        target[1] = byte_of((luma - 5638 * blue - 11700 * red) >> shift);
        target[2] = byte_of((luma + 29032 * blue) >> shift);
    }
}

const cm_resample_kernels cm_plain_kernels = {plain_rows, plain_columns, plain_bytes, plain_rgb};

const cm_resample_kernels *cm_choose_resample_kernels(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return &cm_avx2_kernels;
#endif
    return &cm_plain_kernels;
}
