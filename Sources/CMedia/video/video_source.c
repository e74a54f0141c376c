#include "video/video_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/error.h>
#include <libavutil/mem.h>

static cm_status unreadable(video_source *source, cm_report *report, const char *why) {
    snprintf(report->error, sizeof report->error, "%s", why);
    video_source_close(source);
    return CM_UNREADABLE;
}

cm_status video_source_open(video_source *source, const char *path, cm_report *report) {
    memset(source, 0, sizeof *source);
    // Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
    source->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->file < 0) return unreadable(source, report, strerror(errno));
    struct stat status;
    if (fstat(source->file, &status)) return unreadable(source, report, strerror(errno));
    if (S_ISDIR(status.st_mode)) return unreadable(source, report, "it is a folder");
    if (!S_ISREG(status.st_mode)) return unreadable(source, report, "it is not a regular file");
    source->size = status.st_size;
    return CM_OK;
}

void video_source_close(video_source *source) {
    if (source->file >= 0) close(source->file);
    source->file = -1;
}

size_t video_source_copy(const video_source *source, int64_t offset, uint8_t *target, size_t count) {
    if (offset < 0 || offset >= source->size) return 0;
    if ((int64_t)count > source->size - offset) count = (size_t)(source->size - offset);
    if (source->file < 0) {
        memcpy(target, source->bytes + offset, count);
        return count;
    }
    size_t have = 0;
    while (have < count) {
        ssize_t got = pread(source->file, target + have, count - have, offset + (int64_t)have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        have += (size_t)got;
    }
    return have;
}

static int on_read(void *opaque, uint8_t *target, int count) {
    video_source *source = opaque;
    size_t got = count > 0 ? video_source_copy(source, source->position, target, (size_t)count) : 0;
    if (got == 0) return source->position < source->size ? AVERROR(EIO) : AVERROR_EOF;
    source->position += (int64_t)got;
    return (int)got;
}

static int64_t on_seek(void *opaque, int64_t offset, int whence) {
    video_source *source = opaque;
    int64_t base;
    switch (whence & ~AVSEEK_FORCE) {
        case AVSEEK_SIZE: return source->size;
        case SEEK_SET: base = 0; break;
        case SEEK_CUR: base = source->position; break;
        case SEEK_END: base = source->size; break;
        default: return AVERROR(EINVAL);
    }
    if (offset < -base || offset > INT64_MAX - base) return AVERROR(EINVAL);
    return source->position = base + offset;
}

AVIOContext *video_source_io(video_source *source) {
    const int capacity = 1 << 15;
    unsigned char *buffer = av_malloc((size_t)capacity);
    if (!buffer) return NULL;
    source->position = 0;
    AVIOContext *io = avio_alloc_context(buffer, capacity, 0, source, on_read, NULL, on_seek);
    if (!io) av_free(buffer);
    return io;
}

void video_source_io_free(AVIOContext **io) {
    if (!*io) return;
    // The context may have replaced the buffer it was given.
    av_freep(&(*io)->buffer);
    avio_context_free(io);
}

static uint64_t big_endian(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
    return value;
}

static bool is_box(const uint8_t *name) {
    static const char names[] = "ftypmoovmdatfreeskipwidepnotstypsidxmoofuuidudtameta";
    for (const char *known = names; *known; known += 4)
        if (!memcmp(name, known, 4)) return true;
    return false;
}

/// Packets of 188 bytes, each with a mark at its start; on Blu-ray discs 4 bytes stand before each.
static bool is_transport_stream(const video_source *source) {
    for (int64_t before = 0; before <= 4; before += 4) {
        bool marked = true;
        for (int64_t i = 0; i < 5 && marked; i++) {
            uint8_t mark;
            int64_t place = before + i * (188 + before);
            if (place >= source->size && i >= 2) break;
            marked = video_source_copy(source, place, &mark, 1) && mark == 0x47;
        }
        if (marked) return true;
    }
    return false;
}

/// A GIF ends with a byte of its own, behind which some programs write zeros.
static bool gif_is_cut(const video_source *source) {
    uint8_t last = 0;
    for (int64_t i = source->size - 1; i >= 0 && !last; i--)
        if (!video_source_copy(source, i, &last, 1)) return true;
    return last != 0x3B;
}

video_container video_source_container(const video_source *source) {
    uint8_t head[12];
    if (video_source_copy(source, 0, head, sizeof head) < sizeof head) return VIDEO_CONTAINER_NONE;
    if (!memcmp(head, "FLV\x01", 4)) return VIDEO_CONTAINER_FLV;
    if (!memcmp(head, "GIF87a", 6) || !memcmp(head, "GIF89a", 6)) return VIDEO_CONTAINER_GIF;
    if (!memcmp(head, "\0\0\1\xBA", 4)) return VIDEO_CONTAINER_PROGRAM_STREAM;
    if (is_transport_stream(source)) return VIDEO_CONTAINER_TRANSPORT_STREAM;
    if (!memcmp(head, "\x1A\x45\xDF\xA3", 4)) return VIDEO_CONTAINER_MATROSKA;
    if (!memcmp(head, "RIFF", 4)) return memcmp(head + 8, "AVI ", 4) ? VIDEO_CONTAINER_NONE : VIDEO_CONTAINER_AVI;
    // Files of still pictures are made of the same boxes.
    if (!memcmp(head + 4, "ftyp", 4) &&
        (!memcmp(head + 8, "avif", 4) || !memcmp(head + 8, "heic", 4) || !memcmp(head + 8, "mif1", 4)))
        return VIDEO_CONTAINER_NONE;
    return is_box(head + 4) ? VIDEO_CONTAINER_MP4 : VIDEO_CONTAINER_NONE;
}

static bool boxes_are_cut(const video_source *source) {
    bool has_movie = false;
    for (int64_t offset = 0; offset < source->size;) {
        uint8_t head[16];
        size_t got = video_source_copy(source, offset, head, sizeof head);
        if (got < 8) break;
        // What follows the last box of a known kind is not looked into.
        if (!is_box(head + 4)) break;
        uint64_t size = big_endian(head, 4);
        if (size == 1 && got == 16) size = big_endian(head + 8, 8);
        if (!memcmp(head + 4, "moov", 4)) has_movie = true;
        if (size == 0) break;
        if (size < 8) return false;
        if (size > (uint64_t)(source->size - offset)) return true;
        offset += (int64_t)size;
    }
    return !has_movie;
}

/// Reads an EBML number at `offset`, without its length marker, and returns its 1 to 8 bytes, or 0 for none. All ones
/// mean that the number is unknown.
static int ebml_size(const video_source *source, int64_t offset, uint64_t *value, bool *unknown) {
    uint8_t bytes[8];
    size_t got = video_source_copy(source, offset, bytes, sizeof bytes);
    if (!got || !bytes[0]) return 0;
    int length = __builtin_clz(bytes[0]) - 23;
    if ((size_t)length > got) return 0;
    uint64_t mask = (1ull << 7 * length) - 1;
    *value = big_endian(bytes, length) & mask;
    *unknown = *value == mask;
    return length;
}

static bool segment_is_cut(const video_source *source) {
    uint64_t size;
    bool unknown;
    int length = ebml_size(source, 4, &size, &unknown);
    if (!length || unknown || size > (uint64_t)source->size) return true;
    int64_t offset = 4 + length + (int64_t)size;
    uint8_t name[4];
    if (video_source_copy(source, offset, name, 4) < 4) return true;
    if (memcmp(name, "\x18\x53\x80\x67", 4)) return false;
    length = ebml_size(source, offset + 4, &size, &unknown);
    if (!length) return true;
    return !unknown && size > (uint64_t)(source->size - offset - 4 - length);
}

static bool chunk_is_cut(const video_source *source) {
    uint8_t head[8];
    if (video_source_copy(source, 0, head, sizeof head) < sizeof head) return true;
    uint64_t size = head[4] | (uint64_t)head[5] << 8 | (uint64_t)head[6] << 16 | (uint64_t)head[7] << 24;
    return size + 8 > (uint64_t)source->size;
}

bool video_source_is_cut(const video_source *source, video_container container) {
    switch (container) {
        case VIDEO_CONTAINER_MP4: return boxes_are_cut(source);
        case VIDEO_CONTAINER_MATROSKA: return segment_is_cut(source);
        case VIDEO_CONTAINER_AVI: return chunk_is_cut(source);
        case VIDEO_CONTAINER_GIF: return gif_is_cut(source);
        default: break;
    }
    return false;
}
