#include "cm_header.h"
#include "png/png_orientation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

static unsigned big16(const uint8_t *p) { return (unsigned)p[0] << 8 | p[1]; }

static uint32_t big32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned tiff16(const uint8_t *p, bool big) { return big ? big16(p) : (unsigned)p[1] << 8 | p[0]; }

static uint32_t tiff32(const uint8_t *p, bool big) {
    return big ? big32(p) : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

int cm_exif_orientation_if_any(const uint8_t *tiff, size_t count) {
    if (count < 14) return 0;
    bool big = tiff[0] == 'M';
    if (tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M') || tiff16(tiff + 2, big) != 42) return 0;
    uint32_t directory = tiff32(tiff + 4, big);
    if (directory > count - 2) return 0;
    unsigned entries = tiff16(tiff + directory, big);
    size_t at = (size_t)directory + 2;
    for (unsigned i = 0; i < entries && at + 12 <= count; i++, at += 12) {
        if (tiff16(tiff + at, big) != 0x0112) continue;
        unsigned type = tiff16(tiff + at + 2, big);
        if (tiff32(tiff + at + 4, big) < 1) return 1;
        uint32_t value;
        if (type == 1) {
            value = tiff[at + 8];
        } else if (type == 3) {
            value = tiff16(tiff + at + 8, big);
        } else if (type == 4) {
            value = tiff32(tiff + at + 8, big);
        } else {
            return 1;
        }
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 0;
}

int cm_exif_orientation(const uint8_t *tiff, size_t count) {
    int orientation = cm_exif_orientation_if_any(tiff, count);
    return orientation > 0 ? orientation : 1;
}

static cm_header_status read_jpeg(const uint8_t *bytes, size_t count, cm_header *header) {
    size_t at = 2;
    bool has_frame = false, has_exif = false;
    for (;;) {
        // Like libjpeg, skip what is not a marker, then the fill bytes before the marker's code.
        while (at < count && bytes[at] != 0xFF) at++;
        while (at < count && bytes[at] == 0xFF) at++;
        if (at >= count) return CM_HEADER_INCOMPLETE;
        uint8_t marker = bytes[at++];
        if (marker == 0x00 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) continue;
        if (marker == 0xD9 || marker == 0xDA) return has_frame ? CM_HEADER_OK : CM_HEADER_CORRUPT;
        if (count - at < 2) return CM_HEADER_INCOMPLETE;
        unsigned length = big16(bytes + at);
        if (length < 2) return CM_HEADER_CORRUPT;
        if (count - at < length) return CM_HEADER_INCOMPLETE;
        const uint8_t *payload = bytes + at + 2;
        size_t size = length - 2;
        at += length;
        bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (frame && !has_frame) {
            if (size < 6) return CM_HEADER_CORRUPT;
            header->bits_per_channel = payload[0];
            header->height = (int)big16(payload + 1);
            header->width = (int)big16(payload + 3);
            header->channels = payload[5];
            header->progressive = marker == 0xC2 || marker == 0xC6 || marker == 0xCA || marker == 0xCE;
            if (header->width == 0 || header->height == 0 || header->channels == 0) return CM_HEADER_CORRUPT;
            has_frame = true;
        } else if (marker == 0xE1 && !has_exif && size > 6 && memcmp(payload, "Exif\0", 5) == 0) {
            header->orientation = cm_exif_orientation(payload + 6, size - 6);
            has_exif = true;
        }
    }
}

/// Where a PNG's chunks are read: bytes in memory, the whole file or its beginning, or a file.
typedef struct png_source {
    const uint8_t *bytes;
    uint64_t count;
    /// An open file; below 0, `bytes` count.
    int file;
} png_source;

/// Copies `size` bytes from `at` on; false when the source ends before.
static bool read_at(const png_source *source, uint64_t at, uint8_t *target, size_t size) {
    if (at > source->count || source->count - at < size) return false;
    if (source->file < 0) {
        memcpy(target, source->bytes + at, size);
        return true;
    }
    while (size > 0) {
        ssize_t got = pread(source->file, target, size, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        target += got;
        at += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

/// Adds the chunk at `at` to what is known of the orientation, unless it is too large, cut or damaged. The name and the
/// payload stand in one block, as the checksum covers both.
static void add_orientation(const png_source *source, uint64_t at, uint32_t length, png_orientation *orientation) {
    enum { most_payload = 8 << 20 };
    if (length > most_payload) return;
    uint8_t *block = malloc((size_t)length + 8);
    if (block && read_at(source, at + 4, block, (size_t)length + 8) &&
        crc32(0, block, length + 4) == big32(block + 4 + length))
        png_orientation_add(orientation, block, block + 4, length);
    free(block);
}

static bool read_png_frame(const uint8_t *payload, cm_header *header) {
    uint32_t width = big32(payload), height = big32(payload + 4);
    if (width == 0 || height == 0 || width > 0x7FFFFFFF || height > 0x7FFFFFFF) return false;
    static const uint8_t channels[7] = {1, 0, 3, 3, 2, 0, 4};
    if (payload[9] > 6 || channels[payload[9]] == 0) return false;
    header->width = (int)width;
    header->height = (int)height;
    header->bits_per_channel = payload[9] == 3 ? 8 : payload[8];
    header->channels = channels[payload[9]];
    header->progressive = payload[12] == 1;
    return true;
}

/// Walks over all chunks, since metadata may stand behind the pixels.
static cm_header_status read_png(const png_source *source, cm_header *header) {
    png_orientation orientation = {0};
    bool has_frame = false, has_pixels = false, has_end = false;
    for (uint64_t at = 8; !has_end && !(has_pixels && png_orientation_is_known(&orientation));) {
        uint8_t start[8];
        if (!read_at(source, at, start, 8)) {
            if (has_pixels) break;
            return CM_HEADER_INCOMPLETE;
        }
        uint32_t length = big32(start);
        const uint8_t *name = start + 4;
        if (memcmp(name, "IDAT", 4) == 0 || memcmp(name, "IEND", 4) == 0) {
            if (!has_frame) return CM_HEADER_CORRUPT;
            has_pixels = true;
            has_end = name[1] == 'E';
        }
        if (length > 0x7FFFFFFF) {
            // Behind the header, the decoder finds this too.
            if (has_pixels) break;
            return CM_HEADER_CORRUPT;
        }
        if (!has_frame) {
            uint8_t payload[13];
            if (memcmp(name, "IHDR", 4) != 0 || length != 13) return CM_HEADER_CORRUPT;
            if (!read_at(source, at + 8, payload, 13)) return CM_HEADER_INCOMPLETE;
            if (!read_png_frame(payload, header)) return CM_HEADER_CORRUPT;
            has_frame = true;
        } else if (png_orientation_wants(name)) {
            add_orientation(source, at, length, &orientation);
        }
        at += (uint64_t)length + 12;
    }
    header->orientation = png_orientation_of(&orientation);
    header->may_turn = !has_end && !png_orientation_is_known(&orientation);
    return CM_HEADER_OK;
}

cm_header_status cm_read_png_header_in_file(int file, uint64_t count, cm_header *header) {
    memset(header, 0, sizeof *header);
    header->orientation = 1;
    header->format = CM_FORMAT_PNG;
    png_source source = {NULL, count, file};
    return read_png(&source, header);
}

cm_header_status cm_read_header(const uint8_t *bytes, size_t count, cm_header *header) {
    memset(header, 0, sizeof *header);
    header->orientation = 1;
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
    if (count >= 2 && bytes[0] == 0xFF && bytes[1] == 0xD8 && (count == 2 || bytes[2] == 0xFF)) {
        header->format = CM_FORMAT_JPEG;
        return read_jpeg(bytes, count, header);
    }
    if (count >= 4 && memcmp(bytes, png, count < 8 ? count : 8) == 0) {
        header->format = CM_FORMAT_PNG;
        png_source source = {bytes, count, -1};
        return count < 8 ? CM_HEADER_INCOMPLETE : read_png(&source, header);
    }
    return CM_HEADER_UNKNOWN;
}
