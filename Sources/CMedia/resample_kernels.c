#include "resample_kernels.h"

static inline int clamp(int value, int high) { return value < 0 ? 0 : value > high ? high : value; }

static void plain_rows(
    const uint8_t *source, size_t samples, const int16_t *weights, int count, int bits, int16_t *target) {
    int shift = bits - cm_fraction_bits, half = 1 << (shift - 1);
    for (size_t x = 0; x < samples; x++) {
        int sum = half;
        for (int k = 0; k < count; k++) sum += weights[k] * source[(size_t)k * samples + x];
        target[x] = (int16_t)clamp(sum >> shift, 255 << cm_fraction_bits);
    }
}

static void plain_columns(
    const int16_t *source, size_t stride, int rows, int channels, const cm_taps *taps, int target_width,
    uint8_t *target) {
    int shift = taps->bits + cm_fraction_bits, half = 1 << (shift - 1);
    for (int y = 0; y < rows; y++, source += stride) {
        for (int x = 0; x < target_width; x++) {
            const int16_t *from = source + (size_t)taps->first[x] * (size_t)channels;
            const int16_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
            for (int c = 0; c < channels; c++) {
                int sum = half;
                for (int k = 0; k < taps->count[x]; k++) sum += weights[k] * from[k * channels + c];
                *target++ = (uint8_t)clamp(sum >> shift, 255);
            }
        }
    }
}

static const cm_resample_kernels plain = {plain_rows, plain_columns};

const cm_resample_kernels *cm_choose_resample_kernels(void) { return &plain; }
