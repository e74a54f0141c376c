#ifndef CM_VIDEO_H
#define CM_VIDEO_H

#include "cm_report.h"

#pragma GCC visibility push(hidden)

/// A video file that is open for reading: MP4 and its relatives, Matroska, WebM, AVI. For one thread at a time.
typedef struct cm_video cm_video;

typedef struct cm_video_options {
    /// Threads of the decoder, at least 1. The pictures are the same whatever it is.
    int threads;
    /// Open truncated files, and tell damaged frames as missing instead of failing.
    bool accept_damage;
    uint64_t max_pixels;
    /// Packets of the stream; its index is kept in memory.
    uint64_t max_frames;
} cm_video_options;

typedef struct cm_ratio {
    int64_t numerator;
    int64_t denominator;
} cm_ratio;

typedef struct cm_video_info {
    /// As stored.
    int width;
    int height;
    /// What turns the stored picture upright, as EXIF numbers it, 1 to 8. Angles that are no multiple of 90 degrees count
    /// as 1.
    int orientation;
    /// Degrees clockwise that the container asks for, 0 to 360 exclusive.
    double rotation;
    /// The container's average rate, else the mean of the timestamps; 0/1 when neither is known.
    cm_ratio frame_rate;
    /// Seconds in a unit of the container's timestamps.
    cm_ratio time_base;
    int64_t frame_count;
    /// From the first frame's start to the last one's end in seconds; 0 when unknown.
    double duration;
    /// The order of the frames was found by decoding all of them, since the packets did not tell it.
    bool counted;
    /// The file ends early; the frames are those that are whole.
    bool truncated;
    char codec[32];
    char container[32];
} cm_video_info;

/// Opens the file at `path`, reads through its packets once and decodes none of them, unless the packets leave the order
/// of the frames in doubt: then all of them. Nothing but this file is ever opened, whatever its content says.
/// On CM_OK `*video` is the caller's to close. On CM_TRUNCATED and CM_CORRUPT `*frame` is the first frame that is not
/// whole, or -1.
cm_status cm_video_open_file(
    const char *path, const cm_video_options *options, cm_video **video, int64_t *frame, cm_report *report);

/// Opens a video of a file in memory, which must outlive `*video`.
cm_status cm_video_open_bytes(
    const uint8_t *bytes, size_t count, const cm_video_options *options, cm_video **video, int64_t *frame,
    cm_report *report);

void cm_video_close(cm_video *video);

void cm_video_describe(const cm_video *video, cm_video_info *info);

/// When frame `index` is shown, in seconds from the first frame; negative when the container doesn't say.
double cm_video_time(const cm_video *video, int64_t index);

typedef struct cm_video_request {
    /// Ascending, each once. Frame i is the one that comes out i-th when the file is decoded from its start.
    const int64_t *frames;
    size_t count;
    /// Size of the pictures, upright if `orientation` says so.
    int width;
    int height;
    /// What to undo, 1 to 8: that of `cm_video_info`, or 1 for pictures as stored.
    int orientation;
    /// Where each picture goes: width * height * 3 bytes, RGB.
    uint8_t *const *targets;
    /// Set to 1 where a frame is damaged and its target is zeros. Only with `accept_damage`; may be NULL without.
    uint8_t *missing;
    /// The frames after these are likely to be asked for next: the decoder is kept going, at the cost of a few frames
    /// decoded ahead.
    bool going_on;
} cm_video_request;

/// Decodes the frames asked for, in one pass forward for those that share a key frame. What can't influence them is not
/// decoded, and nothing else is converted.
///
/// Colours: the stream's matrix and range; where it names none, BT.709 for pictures wider than 1279 or higher than 576
/// pixels and BT.601 for smaller ones, limited range. Chroma is interpolated in full, with accurate rounding.
///
/// On CM_CORRUPT and CM_TRUNCATED `*frame` is the damaged frame.
cm_status cm_video_read(cm_video *video, const cm_video_request *request, int64_t *frame, cm_report *report);

#pragma GCC visibility pop

#endif
