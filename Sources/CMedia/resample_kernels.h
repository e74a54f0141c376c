#ifndef CM_RESAMPLE_KERNELS_H
#define CM_RESAMPLE_KERNELS_H

#include "cm_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which source samples make each target sample along one axis, and by how much.
typedef struct cm_taps {
    int *first;
    int *count;
    /// `stride` weights (a multiple of 8) for each target sample, zeros after the first `count`. None is negative, and
    /// they sum to 1 << bits, so a blend never leaves the range of what it blends.
    int16_t *weights;
    int stride;
    int bits;
    /// The largest count.
    int most;
} cm_taps;

enum {
    /// Between the passes a sample is 8.6 fixed point.
    cm_fraction_bits = 6,
    /// Samples past a row's end that the column kernels may read.
    cm_row_slack = 32
};

/// The inner loops. Every set gives the same values; the column kernels take one row or two at a time.
typedef struct cm_resample_kernels {
    /// Blends `count` rows of `samples` 8-bit samples, `pitch` apart, into one of 8.6 fixed point.
    void (*rows)(
        const uint8_t *source, size_t pitch, size_t samples, const int16_t *weights, int count, int bits,
        int16_t *target);
    /// Blends the columns of RGB rows of 8.6 fixed point into 8-bit RGB.
    void (*columns3)(
        const int16_t *const source[2], int rows, const cm_taps *taps, int target_width, uint8_t *const target[2]);
    /// Blends the columns of rows of one channel; 8.6 fixed point in and out.
    void (*columns1)(
        const int16_t *const source[2], int rows, const cm_taps *taps, int target_width, int16_t *const target[2]);
    /// 8.6 fixed point to 8 bits.
    void (*grey)(const int16_t *source, int count, uint8_t *target);
    /// JFIF's YCbCr of 8.6 fixed point to 8-bit RGB.
    void (*rgb)(const int16_t *y, const int16_t *cb, const int16_t *cr, int count, uint8_t *target);
} cm_resample_kernels;

extern const cm_resample_kernels cm_plain_kernels;
#if defined(__x86_64__)
extern const cm_resample_kernels cm_avx2_kernels;
#endif

/// The fastest kernels this processor runs.
const cm_resample_kernels *cm_choose_resample_kernels(void);

/// How a decoder that keeps fewer samples would have made a row of full size of them.
typedef enum cm_upsampling {
    CM_UPSAMPLING_NONE,
    /// libjpeg's "fancy" factor of two: 3/4 of the nearer sample and 1/4 of the next.
    CM_UPSAMPLING_FANCY,
    /// Every sample `factor` times.
    CM_UPSAMPLING_REPEAT
} cm_upsampling;

/// Taps that take `full` samples to `target`. With upsampling the taps are for the `stored` samples of which the full
/// ones would be made, both steps in one. False for want of memory; free in any case.
bool cm_make_taps(
    int full, int target, bool antialiased, int max_bits, cm_upsampling upsampling, int factor, int stored,
    cm_taps *taps);
void cm_free_taps(cm_taps *taps);

/// One plane of a picture, kept at `1 / factor` of its size.
typedef struct cm_plane {
    uint8_t *data;
    size_t pitch;
    int width;
    int height;
    int factor_x;
    int factor_y;
    cm_upsampling upsampling_x;
    cm_upsampling upsampling_y;
} cm_plane;

/// Resamples 1 plane (grey) or 3 (JFIF's YCbCr) of a picture of `width` x `height`, antialiased, to grey or RGB.
cm_status cm_resample_planes(
    const cm_plane *planes, int plane_count, int width, int height, uint8_t *target, int target_width,
    int target_height, int channels);

#endif
