#include "png/png_orientation.h"

#include "cm_header.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

/// The most bytes of a text once it is inflated, as in Pillow: more is an attack, not metadata.
enum { most_text = 1 << 20 };

static bool is_named(const uint8_t *name, const char *wanted) { return memcmp(name, wanted, 4) == 0; }

bool png_orientation_wants(const uint8_t *name) {
    return is_named(name, "eXIf") || is_named(name, "tEXt") || is_named(name, "zTXt") || is_named(name, "iTXt");
}

/// Inflates into new memory, or returns NULL.
static uint8_t *inflated(const uint8_t *bytes, size_t count, size_t *size) {
    uint8_t *text = malloc(most_text);
    if (!text) return NULL;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    // zlib never writes through its input.
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = text;
    stream.avail_out = most_text;
    int status = inflateInit(&stream);
    if (status == Z_OK) {
        status = inflate(&stream, Z_FINISH);
        *size = most_text - stream.avail_out;
        inflateEnd(&stream);
    }
    if (status == Z_STREAM_END) return text;
    free(text);
    return NULL;
}

/// A TIFF header's orientation, or -1; EXIF blocks may begin with the name that they have in a JPEG.
static int exif_orientation(const uint8_t *bytes, size_t count) {
    while (count >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        count -= 6;
    }
    int orientation = cm_exif_orientation_if_any(bytes, count);
    return orientation > 0 ? orientation : -1;
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// The orientation in a raw profile: an empty line, its name, its length, then lines of hexadecimal digits.
static int raw_profile_orientation(const uint8_t *text, size_t count) {
    size_t at = 0;
    for (int lines = 0; lines < 3; lines++) {
        while (at < count && text[at] != '\n') at++;
        if (at++ >= count) return -1;
    }
    uint8_t *bytes = malloc(count / 2 + 1);
    if (!bytes) return -1;
    size_t size = 0;
    int high = -1;
    for (; at < count; at++) {
        if (text[at] == '\n' || text[at] == '\r' || text[at] == ' ' || text[at] == '\t') continue;
        int digit = hex_digit(text[at]);
        if (digit < 0) break;
        if (high < 0) {
            high = digit;
        } else {
            bytes[size++] = (uint8_t)(high << 4 | digit);
            high = -1;
        }
    }
    int orientation = exif_orientation(bytes, size);
    free(bytes);
    return orientation;
}

/// The digit of the first `tiff:Orientation="6"` or `<tiff:Orientation>6<` in an XMP packet; -1 for none.
static int xmp_orientation(const uint8_t *text, size_t count) {
    static const char tag[] = "tiff:Orientation";
    enum { length = sizeof tag - 1 };
    for (size_t at = 0; at + length + 2 <= count; at++) {
        if (text[at] != 't' || memcmp(text + at, tag, length) != 0) continue;
        size_t value = at + length;
        if (text[value] == '>') {
            value += 1;
        } else if (value + 2 < count && text[value] == '=' && text[value + 1] == '"') {
            value += 2;
        } else {
            continue;
        }
        if (value < count && text[value] >= '0' && text[value] <= '9') return text[value] - '0';
    }
    return -1;
}

static void add_text(png_orientation *o, const char *keyword, const uint8_t *text, size_t count) {
    if (strcmp(keyword, "XML:com.adobe.xmp") == 0) {
        o->xmp = xmp_orientation(text, count);
    } else {
        o->raw_profile = raw_profile_orientation(text, count);
    }
}

/// Where the text after the first zero at or behind `at` begins; `count` + 1 when there is no zero.
static size_t behind_zero(const uint8_t *payload, size_t count, size_t at) {
    while (at < count && payload[at] != 0) at++;
    return at + 1;
}

void png_orientation_add(png_orientation *o, const uint8_t *name, const uint8_t *payload, size_t count) {
    if (is_named(name, "eXIf")) {
        o->exif = exif_orientation(payload, count);
        return;
    }
    size_t at = behind_zero(payload, count, 0);
    if (at > count) return;
    const char *keyword = (const char *)payload;
    if (strcmp(keyword, "XML:com.adobe.xmp") != 0 && strcmp(keyword, "Raw profile type exif") != 0) return;
    bool is_compressed = is_named(name, "zTXt");
    if (is_named(name, "iTXt")) {
        if (count - at < 2) return;
        is_compressed = payload[at] != 0;
        if (is_compressed && payload[at + 1] != 0) return;
        // A language and a translated keyword stand before the text.
        at = behind_zero(payload, count, behind_zero(payload, count, at + 2));
    } else if (is_compressed) {
        if (at >= count || payload[at] != 0) return;
        at++;
    }
    if (at > count) return;
    if (!is_compressed) {
        add_text(o, keyword, payload + at, count - at);
        return;
    }
    size_t size = 0;
    uint8_t *text = inflated(payload + at, count - at, &size);
    if (!text) return;
    add_text(o, keyword, text, size);
    free(text);
}

bool png_orientation_is_known(const png_orientation *o) { return o->exif > 0; }

int png_orientation_of(const png_orientation *o) {
    int exif = o->exif != 0 ? o->exif : o->raw_profile;
    int orientation = exif > 0 ? exif : o->xmp;
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}
