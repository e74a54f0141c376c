#ifndef CM_VIDEO_WRITER_H
#define CM_VIDEO_WRITER_H

#include "cm_report.h"

#pragma GCC visibility push(hidden)

typedef struct cm_video_writer cm_video_writer;

typedef enum cm_video_format {
    /// H.264 in MP4; MPEG-4 part 2 where FFmpeg was built without x264.
    CM_VIDEO_MP4 = 0,
    /// VP9 in WebM; VP8 where that is missing.
    CM_VIDEO_WEBM
} cm_video_format;

typedef struct cm_video_writer_options {
    cm_video_format format;
    /// Size of the pictures; an odd side is stored with its last line repeated, since colour is stored for pairs.
    int width;
    int height;
    /// Frames a second.
    double rate;
    /// 1 to 100.
    int quality;
    /// A key frame at least every so many frames.
    int key_distance;
    int threads;
} cm_video_writer_options;

/// Begins a video in `file`, an empty regular file that is open for writing and stays the caller's to close.
/// On CM_OK `*writer` is the caller's to close.
cm_status cm_video_writer_open(
    int file, const cm_video_writer_options *options, cm_video_writer **writer, cm_report *report);

/// Appends a picture of width * height RGB pixels.
cm_status cm_video_writer_add(cm_video_writer *writer, const uint8_t *rgb, cm_report *report);

/// Writes what is still held back, and the index. The video is whole only after this.
cm_status cm_video_writer_finish(cm_video_writer *writer, cm_report *report);

void cm_video_writer_close(cm_video_writer *writer);

/// What the writer encodes with, for example `libx264`.
const char *cm_video_writer_encoder(const cm_video_writer *writer);

#pragma GCC visibility pop

#endif
