#ifndef CM_RESAMPLE_KERNELS_H
#define CM_RESAMPLE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Which source samples make each target sample along one axis, and by how much.
typedef struct cm_taps {
    int *first;
    int *count;
    /// `stride` weights for each target sample, zeros after the first `count`; they sum to 1 << bits.
    int16_t *weights;
    int stride;
    int bits;
} cm_taps;

enum {
    /// Rows that the column kernel takes at a time.
    cm_strip_rows = 4,
    /// Between the two passes a sample is 8.6 fixed point.
    cm_fraction_bits = 6
};

typedef struct cm_resample_kernels {
    /// Blends `count` rows of 8-bit samples, `samples` apart and `samples` long, into one of 8.6 fixed point.
    void (*rows)(const uint8_t *source, size_t samples, const int16_t *weights, int count, int bits, int16_t *target);
    /// Blends the columns of up to `cm_strip_rows` rows of 8.6 fixed point, `stride` samples apart, into 8 bits.
    void (*columns)(
        const int16_t *source, size_t stride, int rows, int channels, const cm_taps *taps, int target_width,
        uint8_t *target);
} cm_resample_kernels;

/// The fastest kernels this processor runs; all give the same values.
const cm_resample_kernels *cm_choose_resample_kernels(void);

#endif
