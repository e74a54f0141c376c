#ifndef CM_PNG_H
#define CM_PNG_H

#include "cm_pixels.h"

#pragma GCC visibility push(hidden)

typedef struct cm_png_decode_options {
    /// 1 (grey) or 3 (RGB).
    int channels;
    /// EXIF orientation to undo, 1 to 8.
    int orientation;
    /// A picture with more pixels is refused.
    uint64_t max_pixels;
    /// The most bytes of memory for decoding.
    uint64_t max_bytes;
} cm_png_decode_options;

/// Decodes a PNG to 8-bit grey or RGB. Alpha and transparent colours are dropped, not composited; 16 bits become the
/// nearest 8, (v * 255 + 32895) >> 16; gamma and colour profiles are not applied.
/// On CM_OK `pixels` owns memory for the caller to `free`.
cm_status cm_png_decode(
    const uint8_t *bytes, size_t count, const cm_png_decode_options *options, cm_pixels *pixels, cm_report *report);

typedef struct cm_png_encode_options {
    /// 0 (none) to 9 (smallest).
    int compression;
    bool interlaced;
    /// Bits per sample: 8 or 16 for any image; 1, 2 or 4 for grey and palette. A 16-bit sample is two bytes, the higher
    /// one first.
    int bit_depth;
    /// RGB triples of a palette; `pixels` are then one index a byte.
    const uint8_t *palette;
    int palette_count;
} cm_png_encode_options;

/// Encodes interleaved samples of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels. Samples of fewer than
/// 8 bits are one a byte. On CM_OK `*bytes` is the caller's to `free`.
cm_status cm_png_encode(
    const uint8_t *pixels, int width, int height, int channels, const cm_png_encode_options *options, uint8_t **bytes,
    size_t *count, cm_report *report);

#pragma GCC visibility pop

#endif
