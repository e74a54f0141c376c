#ifndef CM_JPEG_SESSION_H
#define CM_JPEG_SESSION_H

#include "cm_jpeg.h"
#include "resample/resample_kernels.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#pragma GCC visibility push(hidden)

/// Everything that one decode owns. When it fails, libjpeg jumps out of its call by `longjmp`, past the local variables
/// of all functions in between: what must be released is kept here, and `cm_jpeg_decode` releases it.
typedef struct cm_jpeg_session {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const cm_jpeg_decode_options *options;
    cm_report *report;
    cm_status status;
    /// The source ran out of bytes and an end-of-image marker was put in their place.
    bool exhausted;
    /// The decode failed only because damage was not to be accepted.
    bool refused;
    cm_pixels pixels;
    /// The picture is read as stored planes, to be resampled, rather than as pixels.
    bool planar;
    uint8_t *plane_memory;
    cm_plane planes[3];
} cm_jpeg_session;

/// Jumps out of the decode that is going on, which ends with `status`.
_Noreturn void cm_jpeg_fail(cm_jpeg_session *session, cm_status status);

/// The size to resample to before the orientation is undone; zeros for none.
void cm_jpeg_target_size(const cm_jpeg_decode_options *options, int *width, int *height);

/// Whether the picture is to be resampled, and can be plane by plane. libjpeg must have calculated the output dimensions.
bool cm_jpeg_prefers_planes(const cm_jpeg_session *session);

/// The bytes that the plane of component `index` takes. libjpeg must have calculated the output dimensions.
uint64_t cm_jpeg_plane_bytes(const struct jpeg_decompress_struct *decoder, int index);

/// Reads all planes into `plane_memory`. The decoder must have been started with `raw_data_out`.
void cm_jpeg_read_planes(cm_jpeg_session *session);

/// Resamples the planes into `pixels`, of the size that the options ask for.
cm_status cm_jpeg_resample_planes(cm_jpeg_session *session);

#pragma GCC visibility pop

#endif
