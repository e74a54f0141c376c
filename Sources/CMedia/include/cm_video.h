#ifndef CM_VIDEO_H
#define CM_VIDEO_H

#include "cm_report.h"

#pragma GCC visibility push(hidden)

/// A video file that is open for reading: MP4 and its relatives, Matroska, WebM, AVI, MPEG transport and program streams,
/// FLV, GIF. For one thread at a time.
typedef struct cm_video cm_video;

typedef struct cm_video_options {
    /// Threads of the decoder, at least 1. The pictures are the same whatever it is.
    int threads;
    /// Opens truncated files, and reports damaged frames as missing instead of failing.
    bool accept_damage;
    /// A video whose pictures have more pixels is refused.
    uint64_t max_pixels;
    /// A video with more packets is refused: their index is kept in memory.
    uint64_t max_frames;
    /// The number of the stream to read, counted as FFmpeg counts all the file's streams; -1 for the one that FFmpeg
    /// prefers.
    int stream;
    /// What `cm_video_order` gave for the same file before, so that it need not be decoded again to find it. It is not
    /// used if the packets are not those that it was made of. NULL for none.
    const int64_t *order;
    size_t order_count;
    uint64_t order_key;
} cm_video_options;

typedef struct cm_ratio {
    int64_t numerator;
    int64_t denominator;
} cm_ratio;

typedef struct cm_video_info {
    /// Size of the pictures as stored.
    int width;
    int height;
    /// The orientation of the stored pictures as EXIF numbers it, 1 to 8. 1 for angles that are no multiple of 90
    /// degrees.
    int orientation;
    /// By how much the container asks players to turn the pictures, in degrees clockwise: 0 to 360 exclusive.
    double rotation;
    /// The container's average rate, else the mean of the timestamps; 0/1 when neither is known.
    cm_ratio frame_rate;
    int64_t frame_count;
    /// From the first frame's start to the last one's end in seconds; 0 when unknown.
    double duration;
    /// The order of the frames was found by decoding all of them when the file was opened, since the packets left it in
    /// doubt.
    bool counted;
    /// The file ends early, and `frame_count` counts the frames that are whole.
    bool truncated;
    /// The number of the stream that is read, counted as FFmpeg counts all the file's streams.
    int stream;
    /// FFmpeg's name of the codec, and `mp4`, `matroska`, `avi`, `mpegts`, `mpeg`, `flv` or `gif`.
    char codec[32];
    char container[32];
} cm_video_info;

/// Opens the file at `path` and reads through its packets once. It decodes none of them, unless they leave the order of
/// the frames in doubt: then all. No other file is ever opened, whatever this one says.
/// On CM_OK `*video` is the caller's to close. On CM_TRUNCATED and CM_CORRUPT `*frame` is the first frame that is not
/// whole, or -1.
cm_status cm_video_open_file(
    const char *path, const cm_video_options *options, cm_video **video, int64_t *frame, cm_report *report);

/// Opens a video whose file is in memory, which must outlive `*video`.
cm_status cm_video_open_bytes(
    const uint8_t *bytes, size_t count, const cm_video_options *options, cm_video **video, int64_t *frame,
    cm_report *report);

/// Whether the first bytes of a file are those of a container that is read.
bool cm_video_is_container(const uint8_t *bytes, size_t count);

void cm_video_close(cm_video *video);

void cm_video_describe(const cm_video *video, cm_video_info *info);

/// The packet that each frame comes out of, `cm_video_info.frame_count` of them, where only decoding tells; NULL where
/// the packets tell. `*key` is a checksum of the packets.
const int64_t *cm_video_order(const cm_video *video, uint64_t *key);

/// When frame `index` is shown, in seconds from the first frame; negative when the container doesn't say.
double cm_video_time(const cm_video *video, int64_t index);

/// Width to height of a stored pixel, as the container says or else the pictures that were decoded; 0/1 when neither does.
cm_ratio cm_video_pixel_aspect(const cm_video *video);

typedef struct cm_video_request {
    /// Ascending, each once. Frame i is the one that comes out i-th when the file is decoded from its start.
    const int64_t *frames;
    size_t count;
    /// Size of the pictures, upright if `orientation` says so.
    int width;
    int height;
    /// The orientation to undo, 1 to 8: that of `cm_video_info`, or 1 for pictures as stored.
    int orientation;
    /// Where each picture goes: width * height * 3 bytes, RGB.
    uint8_t *const *targets;
    /// Set to 1 where a frame is damaged and its target is zeros. Only with `accept_damage`; may be NULL without.
    uint8_t *missing;
    /// The caller is likely to ask for the frames after these next: the decoder is kept going, at the cost of a few
    /// frames decoded ahead.
    bool going_on;
} cm_video_request;

/// Decodes the frames that are asked for, those that share a key frame in one pass. Packets that can't influence them
/// are not decoded, and other frames are not converted to RGB.
///
/// Colours: the stream's matrix and range; where it names none, BT.709 for pictures wider than 1279 or higher than 576
/// pixels and BT.601 for smaller ones, limited range. Chroma is interpolated in full, with accurate rounding.
///
/// On CM_CORRUPT and CM_TRUNCATED `*frame` is the damaged frame.
cm_status cm_video_read(cm_video *video, const cm_video_request *request, int64_t *frame, cm_report *report);

#pragma GCC visibility pop

#endif
