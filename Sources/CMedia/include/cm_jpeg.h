#ifndef CM_JPEG_H
#define CM_JPEG_H

#include "cm_pixels.h"

#pragma GCC visibility push(hidden)

typedef struct cm_jpeg_decode_options {
    /// 1 (grey) or 3 (RGB).
    int channels;
    /// EXIF orientation to undo, 1 to 8; `cm_read_header` tells it.
    int orientation;
    /// The picture is decoded at the smallest of the scales 1/8, 1/4, 1/2 and 1 that leaves it at least this large,
    /// once it is upright. 0 and 0 decode at full size.
    int minimum_width;
    int minimum_height;
    /// When not 0, the upright picture is resampled to this size, antialiased. In a YCbCr picture the stored planes are
    /// resampled before they are turned into RGB, which is less work. The result differs from `cm_resample` after
    /// decoding by rounding alone, except where the stored colours lie outside RGB.
    int target_width;
    int target_height;
    /// Accept a truncated or damaged picture; the report says so.
    bool accept_damage;
    /// A picture with more pixels is refused.
    uint64_t max_pixels;
    /// The most bytes for the picture and for the decoder's own whole-picture buffers.
    uint64_t max_bytes;
    /// A progressive picture with more scans is refused: each costs a pass over the picture however few its bytes.
    int max_scans;
} cm_jpeg_decode_options;

/// Decodes a JPEG with libjpeg-turbo's default settings (slow integer transform, fancy upsampling). CMYK and YCCK
/// become RGB the way Pillow, OpenCV and torchvision do it: the stored values are taken as inverted, as Adobe writes
/// them. On CM_OK `pixels` owns memory for the caller to `free`.
cm_status cm_jpeg_decode(
    const uint8_t *bytes, size_t count, const cm_jpeg_decode_options *options, cm_pixels *pixels, cm_report *report);

typedef enum cm_jpeg_color {
    /// Grey for one channel, YCbCr for three, CMYK for four.
    CM_JPEG_COLOR_DEFAULT = 0,
    CM_JPEG_COLOR_RGB,
    CM_JPEG_COLOR_YCCK
} cm_jpeg_color;

typedef struct cm_jpeg_encode_options {
    /// 1 to 100.
    int quality;
    cm_jpeg_color color;
    /// Luma samples per chroma sample: 1 or 2 or 4 across, 1 or 2 down.
    int horizontal_subsampling;
    int vertical_subsampling;
    bool progressive;
    /// Makes the Huffman tables for this picture.
    bool optimize;
    /// Codes arithmetically, not by Huffman.
    bool arithmetic;
    /// Restart marker every so many MCU rows; 0 for none.
    int restart_rows;
    /// Writes an EXIF block with this orientation; 0 for none.
    int orientation;
} cm_jpeg_encode_options;

/// Encodes interleaved pixels of 1, 3 or 4 channels. On CM_OK `*bytes` is the caller's to `free`.
cm_status cm_jpeg_encode(
    const uint8_t *pixels, int width, int height, int channels, const cm_jpeg_encode_options *options, uint8_t **bytes,
    size_t *count, cm_report *report);

#pragma GCC visibility pop

#endif
