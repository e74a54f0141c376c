#include "cm_jpeg.h"
#include "cm_resample.h"

#include "jpeg/jpeg_session.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

typedef cm_jpeg_session session;

static session *session_of(j_common_ptr decoder) { return decoder->client_data; }

static cm_status status_of_error(int code) {
    switch (code) {
        case JERR_OUT_OF_MEMORY: return CM_OUT_OF_MEMORY;
        case JERR_IMAGE_TOO_BIG:
        case JERR_WIDTH_OVERFLOW:
        case JERR_NO_BACKING_STORE: return CM_TOO_LARGE;
        case JERR_ARITH_NOTIMPL:
        case JERR_BAD_PRECISION:
        case JERR_CCIR601_NOTIMPL:
        case JERR_COMPONENT_COUNT:
        case JERR_CONVERSION_NOTIMPL:
        case JERR_FRACT_SAMPLE_NOTIMPL:
        case JERR_NOTIMPL:
        case JERR_NOT_COMPILED:
        case JERR_SOF_UNSUPPORTED: return CM_UNSUPPORTED;
        default: return CM_CORRUPT;
    }
}

_Noreturn void cm_jpeg_fail(session *s, cm_status status) {
    s->status = status;
    longjmp(s->escape, 1);
}

static _Noreturn void on_error(j_common_ptr decoder) {
    session *s = session_of(decoder);
    char message[JMSG_LENGTH_MAX];
    decoder->err->format_message(decoder, message);
    snprintf(s->report->error, sizeof s->report->error, "%s", message);
    cm_jpeg_fail(s, s->exhausted ? CM_TRUNCATED : status_of_error(decoder->err->msg_code));
}

static void on_output(j_common_ptr decoder) { (void)decoder; }

/// Whether a warning means wrong pixels, rather than an oddity around them.
static bool is_damage(int code) {
    switch (code) {
        case JWRN_ARITH_BAD_CODE:
        case JWRN_BOGUS_PROGRESSION:
        case JWRN_HIT_MARKER:
        case JWRN_HUFF_BAD_CODE:
        case JWRN_JPEG_EOF:
        case JWRN_MUST_RESYNC: return true;
        default: return false;
    }
}

/// Damage was found: ends the decode, or goes on and reports it.
static void meet_damage(session *s, const char *message) {
    cm_report *report = s->report;
    if (!s->options->accept_damage) {
        snprintf(report->error, sizeof report->error, "%s", message);
        s->refused = true;
        cm_jpeg_fail(s, s->exhausted ? CM_TRUNCATED : CM_CORRUPT);
    }
    if (!report->truncated && !report->damaged) snprintf(report->warning, sizeof report->warning, "%s", message);
    if (s->exhausted) {
        report->truncated = true;
    } else {
        report->damaged = true;
    }
}

static void on_message(j_common_ptr decoder, int level) {
    if (level >= 0) return;
    session *s = session_of(decoder);
    bool damage = is_damage(decoder->err->msg_code);
    if (s->report->warnings < 1000000) s->report->warnings++;
    if (!damage && s->report->warnings > 1) return;
    char message[JMSG_LENGTH_MAX];
    decoder->err->format_message(decoder, message);
    if (damage) {
        meet_damage(s, message);
    } else {
        snprintf(s->report->warning, sizeof s->report->warning, "%s", message);
    }
}

static void on_init_source(j_decompress_ptr decoder) { (void)decoder; }

static boolean on_fill_input(j_decompress_ptr decoder) {
    static const JOCTET end[2] = {0xFF, JPEG_EOI};
    session_of((j_common_ptr)decoder)->exhausted = true;
    decoder->src->next_input_byte = end;
    decoder->src->bytes_in_buffer = 2;
    return TRUE;
}

static void on_skip_input(j_decompress_ptr decoder, long count) {
    if (count <= 0) return;
    if ((size_t)count > decoder->src->bytes_in_buffer) {
        on_fill_input(decoder);
    } else {
        decoder->src->next_input_byte += count;
        decoder->src->bytes_in_buffer -= (size_t)count;
    }
}

static void on_progress(j_common_ptr decoder) {
    session *s = session_of(decoder);
    if (s->decoder.input_scan_number > s->options->max_scans) {
        snprintf(s->report->error, sizeof s->report->error, "more than %d scans", s->options->max_scans);
        cm_jpeg_fail(s, CM_TOO_LARGE);
    }
}

static int scaled(int size, int eighths) { return (int)(((int64_t)size * eighths + 7) / 8); }

static void choose_scale(session *s) {
    const cm_jpeg_decode_options *o = s->options;
    if (o->minimum_width <= 0 && o->minimum_height <= 0) return;
    bool turned = o->orientation >= 5;
    int width = turned ? o->minimum_height : o->minimum_width, height = turned ? o->minimum_width : o->minimum_height;
    // Only 1/8, 1/4, 1/2 and 1 have vectorised transforms: at 5/8 a picture takes longer than at full size.
    int eighths = 1;
    while (eighths < 8 &&
           (scaled((int)s->decoder.image_width, eighths) < width ||
            scaled((int)s->decoder.image_height, eighths) < height))
        eighths *= 2;
    s->decoder.scale_num = (unsigned)eighths;
    s->decoder.scale_denom = 8;
}

/// Fails when the picture is over a limit, which its header alone tells.
static void check_limits(session *s) {
    struct jpeg_decompress_struct *d = &s->decoder;
    const cm_jpeg_decode_options *o = s->options;
    uint64_t pixels = (uint64_t)d->image_width * d->image_height;
    if (pixels > o->max_pixels) {
        snprintf(
            s->report->error, sizeof s->report->error, "%u x %u pixels, over the limit of %llu", d->image_width,
            d->image_height, (unsigned long long)o->max_pixels);
        cm_jpeg_fail(s, CM_TOO_LARGE);
    }
    uint64_t bytes = (uint64_t)d->output_width * d->output_height * (unsigned)o->channels;
    if (s->planar) {
        bytes = (uint64_t)o->target_width * (unsigned)o->target_height * (unsigned)o->channels;
        for (int i = 0; i < d->num_components; i++) bytes += cm_jpeg_plane_bytes(d, i);
    }
    if (o->orientation > 1) bytes *= 2;
    if (jpeg_has_multiple_scans(d)) {
        // libjpeg keeps every coefficient, 2 bytes each, in blocks of 8 x 8, rounded up to whole MCUs.
        for (int i = 0; i < d->num_components; i++) {
            const jpeg_component_info *c = &d->comp_info[i];
            bytes += ((uint64_t)c->width_in_blocks + c->h_samp_factor) *
                ((uint64_t)c->height_in_blocks + c->v_samp_factor) * sizeof(JBLOCK);
        }
    }
    if (bytes > o->max_bytes) {
        snprintf(
            s->report->error, sizeof s->report->error,
            "%u x %u pixels take %llu bytes to decode, over the limit of %llu", d->image_width, d->image_height,
            (unsigned long long)bytes, (unsigned long long)o->max_bytes);
        cm_jpeg_fail(s, CM_TOO_LARGE);
    }
}

/// Turns CMYK that is stored inverted, as Adobe does (C' = 255 - C and so on), into RGB:
/// R = K' - round((255 - C') * K' / 255).
static void rgb_from_inverted_cmyk(const uint8_t *cmyk, int width, uint8_t *rgb) {
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned key = cmyk[3];
        for (int c = 0; c < 3; c++) {
            unsigned product = (255u - cmyk[c]) * key + 128u;
            rgb[c] = (uint8_t)(key - (((product >> 8) + product) >> 8));
        }
    }
}

static void read_rows(session *s) {
    struct jpeg_decompress_struct *d = &s->decoder;
    size_t stride = (size_t)d->output_width * (unsigned)s->options->channels;
    while (d->output_scanline < d->output_height) {
        JSAMPROW rows[16];
        unsigned count = d->output_height - d->output_scanline;
        if (count > 16) count = 16;
        for (unsigned i = 0; i < count; i++) rows[i] = s->pixels.data + (d->output_scanline + i) * stride;
        jpeg_read_scanlines(d, rows, count);
    }
}

static void read_cmyk_rows(session *s) {
    struct jpeg_decompress_struct *d = &s->decoder;
    int width = (int)d->output_width, channels = s->options->channels;
    JSAMPARRAY line = d->mem->alloc_sarray((j_common_ptr)d, JPOOL_IMAGE, (unsigned)width * 4, 1);
    JSAMPARRAY rgb = d->mem->alloc_sarray((j_common_ptr)d, JPOOL_IMAGE, (unsigned)width * 3, 1);
    while (d->output_scanline < d->output_height) {
        uint8_t *row = s->pixels.data + (size_t)d->output_scanline * (unsigned)width * (unsigned)channels;
        jpeg_read_scanlines(d, line, 1);
        rgb_from_inverted_cmyk(line[0], width, channels == 3 ? row : rgb[0]);
        if (channels == 1) cm_luma(rgb[0], (size_t)width, row);
    }
}

/// Meets missing scans as damage. libjpeg reads a picture of several scans to its end before the first row comes out, so
/// that by now it is known whether it is complete.
static void check_scans(session *s) {
    struct jpeg_decompress_struct *d = &s->decoder;
    char message[100];
    for (int i = 0; i < d->num_components; i++) {
        if (d->comp_info[i].quant_table != NULL) continue;
        snprintf(message, sizeof message, "no scan for component %d", i + 1);
        meet_damage(s, message);
    }
    if (!s->exhausted) return;
    snprintf(message, sizeof message, "the file ends after %d scans without the end marker", d->input_scan_number);
    meet_damage(s, message);
}

/// Meets the loss of an arithmetic-coded picture's end as damage. The decoder takes zeros for the bytes that are missing
/// and never warns, and an encoder may leave zeros out, so that only the end marker tells that nothing is lost.
static void check_end(session *s) {
    if (s->decoder.arith_code && s->exhausted && !s->report->truncated)
        meet_damage(s, "the file ends without the end marker");
}

static cm_status decode(session *s) {
    struct jpeg_decompress_struct *d = &s->decoder;
    if (setjmp(s->escape)) return s->status;
    jpeg_create_decompress(d);
    d->client_data = s;
    d->src = &s->source;
    d->progress = &s->progress;
    jpeg_read_header(d, TRUE);
    bool cmyk = d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK;
    // libjpeg turns RGB into grey itself, but not CMYK into anything.
    d->out_color_space = cmyk ? JCS_CMYK : s->options->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    choose_scale(s);
    jpeg_calc_output_dimensions(d);
    s->planar = cm_jpeg_prefers_planes(s);
    d->raw_data_out = s->planar;
    check_limits(s);
    // What `check_limits` does not count stays within the limit as well.
    d->mem->max_memory_to_use = (long)(s->options->max_bytes < INT64_MAX ? s->options->max_bytes : INT64_MAX);
    jpeg_start_decompress(d);
    if (jpeg_has_multiple_scans(d)) check_scans(s);
    if (s->planar) {
        cm_jpeg_read_planes(s);
        jpeg_finish_decompress(d);
        check_end(s);
        return CM_OK;
    }
    s->pixels.width = (int)d->output_width;
    s->pixels.height = (int)d->output_height;
    s->pixels.channels = s->options->channels;
    s->pixels.data = malloc((size_t)d->output_width * d->output_height * (unsigned)s->options->channels);
    if (!s->pixels.data) cm_jpeg_fail(s, CM_OUT_OF_MEMORY);
    if (cmyk) {
        read_cmyk_rows(s);
    } else {
        read_rows(s);
    }
    jpeg_finish_decompress(d);
    check_end(s);
    return CM_OK;
}

/// Resamples a picture that was decoded to pixels, if the options ask for it.
static cm_status resample(session *s) {
    int width, height;
    cm_jpeg_target_size(s->options, &width, &height);
    if (width == 0 || (width == s->pixels.width && height == s->pixels.height)) return CM_OK;
    uint8_t *target = malloc((size_t)width * (size_t)height * (unsigned)s->pixels.channels);
    if (!target) return CM_OUT_OF_MEMORY;
    cm_status status = cm_resample(
        s->pixels.data, s->pixels.width, s->pixels.height, s->pixels.channels, target, width, height,
        CM_FILTER_BILINEAR_ANTIALIASED);
    free(s->pixels.data);
    s->pixels.data = target;
    s->pixels.width = width;
    s->pixels.height = height;
    return status;
}

static cm_status decode_once(
    const uint8_t *bytes, size_t count, const cm_jpeg_decode_options *options, cm_pixels *pixels, cm_report *report) {
    session s;
    memset(&s, 0, sizeof s);
    s.options = options;
    s.report = report;
    s.decoder.err = jpeg_std_error(&s.errors);
    s.decoder.client_data = &s;
    s.errors.error_exit = on_error;
    s.errors.output_message = on_output;
    s.errors.emit_message = on_message;
    s.source.next_input_byte = bytes;
    s.source.bytes_in_buffer = count;
    s.source.init_source = on_init_source;
    s.source.fill_input_buffer = on_fill_input;
    s.source.skip_input_data = on_skip_input;
    s.source.resync_to_restart = jpeg_resync_to_restart;
    s.source.term_source = on_init_source;
    s.progress.progress_monitor = on_progress;
    cm_status status = decode(&s);
    jpeg_destroy_decompress(&s.decoder);
    if (status == CM_OK) status = s.planar ? cm_jpeg_resample_planes(&s) : resample(&s);
    free(s.plane_memory);
    report->acceptable = s.refused;
    if (status == CM_OK) status = cm_orient_pixels(&s.pixels, options->orientation);
    if (status == CM_OK) {
        *pixels = s.pixels;
    } else {
        free(s.pixels.data);
    }
    return status;
}

/// Where the last marker with a segment begins; 0 when there is none.
static size_t last_segment(const uint8_t *bytes, size_t count) {
    for (size_t at = count; at-- > 2;) {
        if (bytes[at - 1] == 0xFF && bytes[at] >= 0xC0 && (bytes[at] < 0xD0 || bytes[at] > 0xD9) && bytes[at] != 0xFF)
            return at - 1;
    }
    return 0;
}

/// Decodes what damage allows.
static cm_status decode_damaged(
    const uint8_t *bytes, size_t count, const cm_jpeg_decode_options *options, cm_pixels *pixels, cm_report *report) {
    cm_status status = decode_once(bytes, count, options, pixels, report);
    // A progressive picture that is cut inside a table between two scans can be decoded up to that table.
    for (int tries = 0; status == CM_TRUNCATED && tries < 3; tries++) {
        count = last_segment(bytes, count);
        if (count == 0) break;
        cm_report retry = {0};
        status = decode_once(bytes, count, options, pixels, &retry);
        if (status == CM_OK) {
            retry.truncated = true;
            if (retry.warning[0] == 0) memcpy(retry.warning, report->error, sizeof retry.warning);
            *report = retry;
        }
    }
    return status;
}

/// Whether a picture that was refused would be decoded if its damage were accepted: worse may come behind it.
static bool is_acceptable(const uint8_t *bytes, size_t count, const cm_jpeg_decode_options *options) {
    cm_jpeg_decode_options accepting = *options;
    accepting.accept_damage = true;
    cm_pixels pixels = {0};
    cm_report report = {0};
    cm_status status = decode_damaged(bytes, count, &accepting, &pixels, &report);
    free(pixels.data);
    return status == CM_OK;
}

cm_status cm_jpeg_decode(
    const uint8_t *bytes, size_t count, const cm_jpeg_decode_options *options, cm_pixels *pixels, cm_report *report) {
    memset(pixels, 0, sizeof *pixels);
    if (options->channels != 1 && options->channels != 3) return CM_INVALID;
    if (options->accept_damage) return decode_damaged(bytes, count, options, pixels, report);
    cm_status status = decode_once(bytes, count, options, pixels, report);
    // What ends inside a table is no damage to libjpeg but the end, and yet what stands before may be decoded.
    if (report->acceptable || status == CM_TRUNCATED) report->acceptable = is_acceptable(bytes, count, options);
    return status;
}
