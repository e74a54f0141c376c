#include "cm_png.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/// Everything that one decode owns. When it fails, libpng jumps out of its call by `longjmp`, past the local variables
/// of all functions in between: what must be released is kept here, and `cm_png_decode` releases it.
typedef struct session {
    png_structp decoder;
    png_infop info;
    const cm_png_decode_options *options;
    cm_report *report;
    cm_status status;
    const uint8_t *next;
    size_t left;
    cm_pixels pixels;
    png_bytep *rows;
} session;

static _Noreturn void fail(session *s, cm_status status) {
    s->status = status;
    png_longjmp(s->decoder, 1);
}

static _Noreturn void on_error(png_structp decoder, png_const_charp message) {
    session *s = png_get_error_ptr(decoder);
    if (s->report->error[0] == 0) snprintf(s->report->error, sizeof s->report->error, "%s", message);
    if (s->status == CM_OK) s->status = strstr(message, "emory") ? CM_OUT_OF_MEMORY : CM_CORRUPT;
    png_longjmp(decoder, 1);
}

static void on_warning(png_structp decoder, png_const_charp message) {
    session *s = png_get_error_ptr(decoder);
    if (s->report->warnings++ == 0) snprintf(s->report->warning, sizeof s->report->warning, "%s", message);
}

static void on_read(png_structp decoder, png_bytep target, size_t count) {
    session *s = png_get_io_ptr(decoder);
    if (count > s->left) {
        s->status = CM_TRUNCATED;
        png_error(decoder, "the file ends inside a chunk");
    }
    memcpy(target, s->next, count);
    s->next += count;
    s->left -= count;
}

/// Fails when the picture is over a limit, which its header alone tells.
static void check_limits(session *s, png_uint_32 width, png_uint_32 height, int channels, int depth) {
    const cm_png_decode_options *o = s->options;
    uint64_t pixels = (uint64_t)width * height;
    if (pixels > o->max_pixels) {
        snprintf(
            s->report->error, sizeof s->report->error, "%u x %u pixels, over the limit of %llu", width, height,
            (unsigned long long)o->max_pixels);
        fail(s, CM_TOO_LARGE);
    }
    uint64_t bytes = pixels * (unsigned)o->channels * (o->orientation > 1 ? 2 : 1) +
        (uint64_t)height * sizeof(png_bytep) + (uint64_t)width * (unsigned)(channels * (depth > 8 ? 2 : 1)) * 4;
    if (bytes > o->max_bytes) {
        snprintf(
            s->report->error, sizeof s->report->error,
            "%u x %u pixels take %llu bytes to decode, over the limit of %llu", width, height,
            (unsigned long long)bytes, (unsigned long long)o->max_bytes);
        fail(s, CM_TOO_LARGE);
    }
}

/// Has libpng skip the chunks that can't change the decoded pixels, so that no compressed profile or text is inflated.
static void ignore_ancillary_chunks(png_structp decoder) {
    static const png_byte names[] =
        "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0tRNS\0zTXt";
    png_set_keep_unknown_chunks(decoder, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

static cm_status decode(session *s) {
    png_structp d = s->decoder;
    const cm_png_decode_options *o = s->options;
    if (setjmp(png_jmpbuf(d))) return s->status;
    png_set_read_fn(d, s, on_read);
    // Our own limits are on pixels; libpng's, on the length of a side, are lifted.
    png_set_user_limits(d, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_chunk_malloc_max(d, 8 << 20);
    png_set_chunk_cache_max(d, 128);
    ignore_ancillary_chunks(d);
    png_read_info(d, s->info);
    png_uint_32 width = png_get_image_width(d, s->info), height = png_get_image_height(d, s->info);
    int depth = png_get_bit_depth(d, s->info), color = png_get_color_type(d, s->info);
    check_limits(s, width, height, png_get_channels(d, s->info), depth);
    if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(d);
    if (color == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(d);
    if (depth == 16) png_set_scale_16(d);
    if (color & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(d);
    bool grey = (color & PNG_COLOR_MASK_COLOR) == 0;
    if (grey && o->channels == 3) png_set_gray_to_rgb(d);
    png_set_interlace_handling(d);
    png_read_update_info(d, s->info);
    // Colour that is to become grey is decoded as colour and converted afterwards.
    int channels = !grey ? 3 : o->channels;
    size_t stride = (size_t)width * (unsigned)channels;
    if (png_get_rowbytes(d, s->info) != stride) png_error(d, "rows of an unexpected length");
    s->pixels.width = (int)width;
    s->pixels.height = (int)height;
    s->pixels.channels = channels;
    s->pixels.data = malloc(stride * height);
    s->rows = malloc(height * sizeof *s->rows);
    if (!s->pixels.data || !s->rows) fail(s, CM_OUT_OF_MEMORY);
    for (png_uint_32 y = 0; y < height; y++) s->rows[y] = s->pixels.data + y * stride;
    png_read_image(d, s->rows);
    png_read_end(d, NULL);
    if (channels != o->channels) {
        cm_luma(s->pixels.data, (size_t)width * height, s->pixels.data);
        s->pixels.channels = 1;
    }
    return CM_OK;
}

cm_status cm_png_decode(
    const uint8_t *bytes, size_t count, const cm_png_decode_options *options, cm_pixels *pixels, cm_report *report) {
    memset(pixels, 0, sizeof *pixels);
    if (options->channels != 1 && options->channels != 3) return CM_INVALID;
    session s;
    memset(&s, 0, sizeof s);
    s.options = options;
    s.report = report;
    s.next = bytes;
    s.left = count;
    s.decoder = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning);
    if (s.decoder) s.info = png_create_info_struct(s.decoder);
    cm_status status = s.info ? decode(&s) : CM_OUT_OF_MEMORY;
    png_destroy_read_struct(&s.decoder, &s.info, NULL);
    free(s.rows);
    if (status == CM_OK) status = cm_orient_pixels(&s.pixels, options->orientation);
    if (status == CM_OK) {
        *pixels = s.pixels;
    } else {
        free(s.pixels.data);
    }
    return status;
}
