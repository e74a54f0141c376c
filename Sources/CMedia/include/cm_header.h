#ifndef CM_HEADER_H
#define CM_HEADER_H

#include "cm_report.h"

#pragma GCC visibility push(hidden)

typedef enum cm_format { CM_FORMAT_UNKNOWN = 0, CM_FORMAT_JPEG, CM_FORMAT_PNG } cm_format;

/// What a file's first bytes say about the image in it.
typedef struct cm_header {
    cm_format format;
    /// Size as stored, before the orientation is undone.
    int width;
    int height;
    /// Components as stored: 1, 3 or 4 in JPEG; 1 to 4 in PNG, where a palette counts as 3.
    int channels;
    int bits_per_channel;
    /// The orientation, 1 to 8; 1 when the file says nothing. EXIF's; in a PNG, XMP's where EXIF doesn't say.
    int orientation;
    /// The bytes are the beginning of a PNG, whose metadata behind its pixels may say another orientation.
    bool may_turn;
    /// Progressive JPEG or interlaced PNG.
    bool progressive;
} cm_header;

typedef enum cm_header_status {
    CM_HEADER_OK = 0,
    /// Neither JPEG nor PNG.
    CM_HEADER_UNKNOWN,
    /// The bytes end inside the header: give more of the file, or call it truncated.
    CM_HEADER_INCOMPLETE,
    CM_HEADER_CORRUPT
} cm_header_status;

/// Reads the header at the start of `bytes`, which may be anything, without decoding a pixel.
cm_header_status cm_read_header(const uint8_t *bytes, size_t count, cm_header *header);

/// Reads the header of a PNG in an open file of `count` bytes, and all its metadata: pixels are skipped, not read. The file
/// must begin with PNG's signature.
cm_header_status cm_read_png_header_in_file(int file, uint64_t count, cm_header *header);

/// The orientation (1 to 8) in an EXIF block that begins with its TIFF header; 1 for anything else.
int cm_exif_orientation(const uint8_t *tiff, size_t count);

/// As `cm_exif_orientation`, but 0 where the block has no orientation.
int cm_exif_orientation_if_any(const uint8_t *tiff, size_t count);

#pragma GCC visibility pop

#endif
