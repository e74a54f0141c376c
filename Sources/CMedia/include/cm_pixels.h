#ifndef CM_PIXELS_H
#define CM_PIXELS_H

#include "cm_report.h"

#pragma GCC visibility push(hidden)

/// Interleaved 8-bit pixels, rows from top to bottom without padding, in memory from `malloc`.
typedef struct cm_pixels {
    uint8_t *data;
    int width;
    int height;
    /// 1 (grey) or 3 (red, green, blue).
    int channels;
} cm_pixels;

/// Turns a picture upright: writes `source` to `target`, which holds as many bytes, undoing EXIF `orientation` (1 to
/// 8). For 5 to 8 the target's width is the source's height.
void cm_orient(const uint8_t *source, int width, int height, int channels, int orientation, uint8_t *target);

/// Replaces `pixels` by its upright version in new memory. Fails only when there is no memory.
cm_status cm_orient_pixels(cm_pixels *pixels, int orientation);

/// Luma of `count` interleaved RGB pixels: (19595 R + 38470 G + 7471 B + 32768) / 65536, as ITU-R BT.601 has it.
void cm_luma(const uint8_t *rgb, size_t count, uint8_t *grey);

#pragma GCC visibility pop

#endif
