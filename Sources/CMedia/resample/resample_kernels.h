#ifndef CM_RESAMPLE_KERNELS_H
#define CM_RESAMPLE_KERNELS_H

#include "cm_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

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
    /// Bits after the point of a sample between the two passes, which is 8.6 fixed point.
    cm_fraction_bits = 6,
    /// Rows that the column kernel takes at once.
    cm_strip_rows = 16,
    /// Samples past a row's end that the column kernel may read.
    cm_row_slack = 32
};

/// `cm_strip_rows` rows on their way from the row kernel to the column kernel. All of it is initialised.
typedef struct cm_strip {
    /// What goes in, `stride` samples a row.
    int16_t *rows;
    size_t stride;
    /// The rows transposed.
    int16_t *columns;
    /// What comes out, before it is transposed back.
    int16_t *blended;
    /// What comes out, `target_stride` samples a row.
    int16_t *target;
    size_t target_stride;
    void *memory;
} cm_strip;

/// Makes a strip for rows of `samples`, blended into `target_samples`. False when there is no memory; free it then too.
bool cm_make_strip(size_t samples, size_t target_samples, cm_strip *strip);
void cm_free_strip(cm_strip *strip);

/// The inner loops. All sets of them give equal values.
typedef struct cm_resample_kernels {
    /// Blends `count` rows of `samples` 8-bit samples, `pitch` apart, into one of 8.6 fixed point.
    void (*rows)(
        const uint8_t *source, size_t pitch, size_t samples, const int16_t *weights, int count, int bits,
        int16_t *target);
    /// Blends the columns of the strip's rows, of `samples` samples in interleaved `channels`, into its target rows.
    void (*columns)(cm_strip *strip, size_t samples, int channels, const cm_taps *taps, int target_width);
    /// Rounds 8.6 fixed point to 8 bits.
    void (*bytes)(const int16_t *source, int count, uint8_t *target);
    /// Turns JFIF's YCbCr in 8.6 fixed point into 8-bit RGB.
    void (*rgb)(const int16_t *y, const int16_t *cb, const int16_t *cr, int count, uint8_t *target);
} cm_resample_kernels;

extern const cm_resample_kernels cm_plain_kernels;
#if defined(__x86_64__)
extern const cm_resample_kernels cm_avx2_kernels;
#endif

/// The fastest kernels that this processor can run.
const cm_resample_kernels *cm_choose_resample_kernels(void);

/// How a decoder would make a row of full size of the fewer samples that are stored.
typedef enum cm_upsampling {
    CM_UPSAMPLING_NONE,
    /// libjpeg's "fancy" factor of two: 3/4 of the nearer sample and 1/4 of the next.
    CM_UPSAMPLING_FANCY,
    /// Every sample repeated.
    CM_UPSAMPLING_REPEAT
} cm_upsampling;

/// Makes the taps that resample `full` samples to `target`. With upsampling they apply to the `stored` samples, of
/// which the full ones would be made: upsampling and resampling in one step. False when there is no memory; free them
/// then too.
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

#pragma GCC visibility pop

#endif
