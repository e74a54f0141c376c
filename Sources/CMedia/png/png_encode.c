#include "cm_png.h"
#include "image/growing.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/// Everything that one encode owns, kept in one place for the reason that a decode's `session` has.
typedef struct session {
    png_structp encoder;
    png_infop info;
    growing output;
    cm_report *report;
    cm_status status;
} session;

static _Noreturn void on_error(png_structp encoder, png_const_charp message) {
    session *s = png_get_error_ptr(encoder);
    snprintf(s->report->error, sizeof s->report->error, "%s", message);
    if (s->status == CM_OK) s->status = CM_INVALID;
    png_longjmp(encoder, 1);
}

static void on_warning(png_structp encoder, png_const_charp message) {
    (void)encoder;
    (void)message;
}

static void on_write(png_structp encoder, png_bytep bytes, size_t count) {
    session *s = png_get_io_ptr(encoder);
    if (!growing_reserve(&s->output, count)) {
        s->status = CM_OUT_OF_MEMORY;
        png_error(encoder, "out of memory");
    }
    memcpy(s->output.bytes + s->output.count, bytes, count);
    s->output.count += count;
}

static void on_flush(png_structp encoder) { (void)encoder; }

static cm_status encode(
    session *s, const uint8_t *pixels, int width, int height, int channels, const cm_png_encode_options *o) {
    png_structp e = s->encoder;
    if (setjmp(png_jmpbuf(e))) return s->status;
    png_set_write_fn(e, s, on_write, on_flush);
    png_set_compression_level(e, o->compression);
    static const int colors[5] = {
        0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    int color = o->palette ? PNG_COLOR_TYPE_PALETTE : colors[channels];
    png_set_IHDR(
        e, s->info, (png_uint_32)width, (png_uint_32)height, o->bit_depth, color,
        o->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
        PNG_FILTER_TYPE_DEFAULT);
    if (o->palette) {
        png_color entries[PNG_MAX_PALETTE_LENGTH];
        int count = o->palette_count < PNG_MAX_PALETTE_LENGTH ? o->palette_count : PNG_MAX_PALETTE_LENGTH;
        for (int i = 0; i < count; i++)
            entries[i] = (png_color){o->palette[3 * i], o->palette[3 * i + 1], o->palette[3 * i + 2]};
        png_set_PLTE(e, s->info, entries, count);
    }
    png_write_info(e, s->info);
    if (o->bit_depth < 8) png_set_packing(e);
    int passes = png_set_interlace_handling(e);
    size_t stride = (size_t)width * (unsigned)channels * (o->bit_depth == 16 ? 2 : 1);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < height; y++) png_write_row(e, pixels + (size_t)y * stride);
    png_write_end(e, s->info);
    return CM_OK;
}

cm_status cm_png_encode(
    const uint8_t *pixels, int width, int height, int channels, const cm_png_encode_options *options, uint8_t **bytes,
    size_t *count, cm_report *report) {
    *bytes = NULL;
    *count = 0;
    if (channels < 1 || channels > 4 || (options->palette && channels != 1)) return CM_INVALID;
    session s;
    memset(&s, 0, sizeof s);
    s.report = report;
    s.encoder = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning);
    if (s.encoder) s.info = png_create_info_struct(s.encoder);
    cm_status status = s.info ? encode(&s, pixels, width, height, channels, options) : CM_OUT_OF_MEMORY;
    png_destroy_write_struct(&s.encoder, &s.info);
    if (status != CM_OK) {
        free(s.output.bytes);
        return status;
    }
    *bytes = s.output.bytes;
    *count = s.output.count;
    return CM_OK;
}
