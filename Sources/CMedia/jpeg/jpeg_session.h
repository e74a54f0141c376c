#ifndef CM_JPEG_SESSION_H
#define CM_JPEG_SESSION_H

#include "cm_jpeg.h"
#include "resample/resample_kernels.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#pragma GCC visibility push(hidden)

/// Everything one decode owns. libjpeg leaves a failed call by `longjmp`, so nothing that must be released lives in a
/// local variable of what it jumps over; `cm_jpeg_decode` owns and releases.
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
    cm_pixels pixels;
    /// The picture is read as stored planes, to be resampled, rather than as pixels.
    bool planar;
    uint8_t *plane_memory;
    cm_plane planes[3];
} cm_jpeg_session;

/// Leaves the decode; only from inside it.
_Noreturn void cm_jpeg_fail(cm_jpeg_session *session, cm_status status);

/// The size to resample to, as stored (before the orientation is undone); zeros for none.
void cm_jpeg_target_size(const cm_jpeg_decode_options *options, int *width, int *height);

/// Whether the picture is to be resampled and its planes can be resampled one by one. For after the header.
bool cm_jpeg_prefers_planes(const cm_jpeg_session *session);

/// Memory for the plane of component `index`. For when the output dimensions are known.
uint64_t cm_jpeg_plane_bytes(const struct jpeg_decompress_struct *decoder, int index);

/// Reads all planes into `plane_memory`; after the decoder was started with `raw_data_out`.
void cm_jpeg_read_planes(cm_jpeg_session *session);

/// Makes `pixels` of the planes.
cm_status cm_jpeg_resample_planes(cm_jpeg_session *session);

#pragma GCC visibility pop

#endif
