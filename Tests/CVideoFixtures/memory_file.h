#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libavformat/avformat.h>

/// A file in memory, for FFmpeg to read by the two functions below.
typedef struct memory {
    const uint8_t *bytes;
    int64_t count;
    int64_t position;
} memory;

static inline int on_read(void *opaque, uint8_t *target, int count) {
    memory *m = opaque;
    if (count > m->count - m->position) count = (int)(m->count - m->position);
    if (count <= 0) return AVERROR_EOF;
    memcpy(target, m->bytes + m->position, (size_t)count);
    m->position += count;
    return count;
}

static inline int64_t on_seek(void *opaque, int64_t offset, int whence) {
    memory *m = opaque;
    if (whence & AVSEEK_SIZE) return m->count;
    if (whence == SEEK_CUR) offset += m->position;
    if (whence == SEEK_END) offset += m->count;
    if (offset < 0 || offset > m->count) return -1;
    return m->position = offset;
}
