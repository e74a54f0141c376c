#ifndef CM_VIDEO_SOURCE_H
#define CM_VIDEO_SOURCE_H

#include "cm_report.h"

#include <libavformat/avio.h>

#pragma GCC visibility push(hidden)

/// The bytes of a video: an open file or the caller's memory.
typedef struct video_source {
    /// -1 when the bytes are in memory.
    int file;
    const uint8_t *bytes;
    int64_t size;
    int64_t position;
} video_source;

/// Opens a regular file.
cm_status video_source_open(video_source *source, const char *path, cm_report *report);
void video_source_close(video_source *source);

/// Copies up to `count` bytes from `offset`; fewer at the end of the file.
size_t video_source_copy(const video_source *source, int64_t offset, uint8_t *target, size_t count);

/// What libavformat reads the source through, from its start. NULL when there is no memory.
AVIOContext *video_source_io(video_source *source);
void video_source_io_free(AVIOContext **io);

typedef enum video_container {
    VIDEO_CONTAINER_NONE,
    VIDEO_CONTAINER_MP4,
    VIDEO_CONTAINER_MATROSKA,
    VIDEO_CONTAINER_AVI,
    VIDEO_CONTAINER_TRANSPORT_STREAM,
    VIDEO_CONTAINER_PROGRAM_STREAM,
    VIDEO_CONTAINER_FLV,
    VIDEO_CONTAINER_GIF
} video_container;

/// The container that the first bytes tell of.
video_container video_source_container(const video_source *source);

/// Whether the file is shorter than its outermost boxes (MP4), elements (Matroska) or chunks (AVI) say, or a GIF lacks
/// its end. The others don't say how long they are.
bool video_source_is_cut(const video_source *source, video_container container);

#pragma GCC visibility pop

#endif
