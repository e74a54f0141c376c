#ifndef CM_VIDEO_WRITER_H
#define CM_VIDEO_WRITER_H

#include "cm_report.h"
#include "cm_video.h"

#pragma GCC visibility push(hidden)

/// A video file that is being written. For one thread at a time.
typedef struct cm_video_writer cm_video_writer;

typedef enum cm_video_format {
    /// H.264 in MP4, or MPEG-4 part 2 where FFmpeg has no libx264.
    CM_VIDEO_MP4 = 0,
    /// VP9 in WebM, or VP8 where FFmpeg can't encode VP9.
    CM_VIDEO_WEBM,
    /// What MP4 has, in Matroska, which takes sound of nearly every kind.
    CM_VIDEO_MATROSKA
} cm_video_format;

typedef struct cm_video_writer_options {
    cm_video_format format;
    /// Size of the pictures. An odd side is stored with its last row or column repeated, since colour is stored for two
    /// by two pixels.
    int width;
    int height;
    /// Frames a second.
    double rate;
    /// 1 (smallest file) to 100 (nearest to the pictures).
    int quality;
    /// A key frame at least every so many frames.
    int key_distance;
    int threads;
    /// Each picture comes with its time, instead of `rate` of them a second.
    bool timed;
    /// Width to height of a pixel; 0 and 0 where it is not known.
    int aspect_width;
    int aspect_height;
    /// The video whose sound is copied, all its streams; it must stay open as long as the writer. NULL for none. Sound that
    /// begins before the first frame puts the pictures off by as much. Only with `timed`.
    const cm_video *sound_of;
} cm_video_writer_options;

/// Begins a video in `file`, an empty regular file that is open for writing and stays the caller's to close.
/// On CM_OK `*writer` is the caller's to close.
cm_status cm_video_writer_open(
    int file, const cm_video_writer_options *options, cm_video_writer **writer, cm_report *report);

/// Appends a picture of width * height RGB pixels, which is shown `time` seconds after the start of the video if pictures
/// are timed: below 0, a picture follows at `rate`. A time that is not later than the one before is taken as just after it.
cm_status cm_video_writer_add(cm_video_writer *writer, const uint8_t *rgb, double time, cm_report *report);

/// Writes what the encoder still holds back, and the index. Only then is the video whole. The last of timed pictures is
/// shown until `end`, in seconds.
cm_status cm_video_writer_finish(cm_video_writer *writer, double end, cm_report *report);

void cm_video_writer_close(cm_video_writer *writer);

/// Why sound is left out, or ends early; NULL when it is copied or there is none.
const char *cm_video_writer_left_out(const cm_video_writer *writer);

/// What the writer encodes with, for example `libx264`.
const char *cm_video_writer_encoder(const cm_video_writer *writer);

#pragma GCC visibility pop

#endif
