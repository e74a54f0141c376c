#include "cm_jpeg.h"
#include "image/growing.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/// Everything that one encode owns, kept in one place for the reason that `cm_jpeg_session` has.
typedef struct session {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    growing output;
    cm_report *report;
    cm_status status;
} session;

static session *session_of(j_common_ptr encoder) { return encoder->client_data; }

static _Noreturn void on_error(j_common_ptr encoder) {
    session *s = session_of(encoder);
    char message[JMSG_LENGTH_MAX];
    encoder->err->format_message(encoder, message);
    snprintf(s->report->error, sizeof s->report->error, "%s", message);
    s->status = encoder->err->msg_code == JERR_OUT_OF_MEMORY ? CM_OUT_OF_MEMORY : CM_INVALID;
    longjmp(s->escape, 1);
}

static void on_output(j_common_ptr encoder) { (void)encoder; }

static void on_message(j_common_ptr encoder, int level) {
    (void)encoder;
    (void)level;
}

/// Lets libjpeg write into all the room behind what is written, which is at least 4096 bytes.
static void offer_room(session *s) {
    if (!growing_reserve(&s->output, 4096)) {
        s->status = CM_OUT_OF_MEMORY;
        longjmp(s->escape, 1);
    }
    s->destination.next_output_byte = s->output.bytes + s->output.count;
    s->destination.free_in_buffer = s->output.capacity - s->output.count;
}

static void on_init(j_compress_ptr encoder) { offer_room(session_of((j_common_ptr)encoder)); }

/// Called by libjpeg when the room is full, whatever its counters say.
static boolean on_full(j_compress_ptr encoder) {
    session *s = session_of((j_common_ptr)encoder);
    s->output.count = s->output.capacity;
    offer_room(s);
    return TRUE;
}

static void on_end(j_compress_ptr encoder) {
    session *s = session_of((j_common_ptr)encoder);
    s->output.count = s->output.capacity - s->destination.free_in_buffer;
}

static void write_exif(j_compress_ptr encoder, int orientation) {
    // A TIFF header (little endian, directory at 8) and a directory of one entry: orientation, SHORT, count 1.
    const uint8_t block[] = {
        'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (uint8_t)orientation,
        0,   0,   0,   0,   0, 0, 0};
    jpeg_write_marker(encoder, JPEG_APP0 + 1, block, sizeof block);
}

static cm_status encode(
    session *s, const uint8_t *pixels, int width, int height, int channels, const cm_jpeg_encode_options *o) {
    j_compress_ptr e = &s->encoder;
    if (setjmp(s->escape)) return s->status;
    jpeg_create_compress(e);
    e->client_data = s;
    e->dest = &s->destination;
    e->image_width = (JDIMENSION)width;
    e->image_height = (JDIMENSION)height;
    e->input_components = channels;
    e->in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(e);
    if (o->color == CM_JPEG_COLOR_RGB) jpeg_set_colorspace(e, JCS_RGB);
    if (o->color == CM_JPEG_COLOR_YCCK) jpeg_set_colorspace(e, JCS_YCCK);
    jpeg_set_quality(e, o->quality, TRUE);
    if (channels > 1) {
        bool chroma = e->jpeg_color_space == JCS_YCbCr || e->jpeg_color_space == JCS_YCCK;
        for (int i = 0; i < e->num_components; i++) {
            bool full = i == 0 || i == 3;
            e->comp_info[i].h_samp_factor = chroma && full ? o->horizontal_subsampling : 1;
            e->comp_info[i].v_samp_factor = chroma && full ? o->vertical_subsampling : 1;
        }
    }
    e->optimize_coding = o->optimize;
    e->arith_code = o->arithmetic;
    e->restart_in_rows = o->restart_rows;
    if (o->progressive) jpeg_simple_progression(e);
    jpeg_start_compress(e, TRUE);
    if (o->orientation > 0) write_exif(e, o->orientation);
    size_t stride = (size_t)width * (unsigned)channels;
    while (e->next_scanline < e->image_height) {
        // libjpeg never writes through its input rows.
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + e->next_scanline * stride);
        jpeg_write_scanlines(e, &row, 1);
    }
    jpeg_finish_compress(e);
    return CM_OK;
}

cm_status cm_jpeg_encode(
    const uint8_t *pixels, int width, int height, int channels, const cm_jpeg_encode_options *options, uint8_t **bytes,
    size_t *count, cm_report *report) {
    *bytes = NULL;
    *count = 0;
    if (channels != 1 && channels != 3 && channels != 4) return CM_INVALID;
    session s;
    memset(&s, 0, sizeof s);
    s.report = report;
    s.encoder.err = jpeg_std_error(&s.errors);
    s.encoder.client_data = &s;
    s.errors.error_exit = on_error;
    s.errors.output_message = on_output;
    s.errors.emit_message = on_message;
    s.destination.init_destination = on_init;
    s.destination.empty_output_buffer = on_full;
    s.destination.term_destination = on_end;
    cm_status status = encode(&s, pixels, width, height, channels, options);
    jpeg_destroy_compress(&s.encoder);
    if (status != CM_OK) {
        free(s.output.bytes);
        return status;
    }
    *bytes = s.output.bytes;
    *count = s.output.count;
    return CM_OK;
}
