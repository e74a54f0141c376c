#include "video/video_convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

void video_converter_clear(video_converter *c) {
    sws_freeContext(c->scaler);
    av_free(c->planes);
    memset(c, 0, sizeof *c);
}

/// The format as it is called without the range in its name; sets `*full` if its name says "full range".
static enum AVPixelFormat plain_format(enum AVPixelFormat format, bool *full) {
    switch (format) {
        case AV_PIX_FMT_YUVJ420P: *full = true; return AV_PIX_FMT_YUV420P;
        case AV_PIX_FMT_YUVJ422P: *full = true; return AV_PIX_FMT_YUV422P;
        case AV_PIX_FMT_YUVJ444P: *full = true; return AV_PIX_FMT_YUV444P;
        case AV_PIX_FMT_YUVJ440P: *full = true; return AV_PIX_FMT_YUV440P;
        case AV_PIX_FMT_YUVJ411P: *full = true; return AV_PIX_FMT_YUV411P;
        default: return format;
    }
}

static int matrix_of(const AVFrame *frame) {
    switch (frame->colorspace) {
        case AVCOL_SPC_BT709: return SWS_CS_ITU709;
        case AVCOL_SPC_BT470BG:
        case AVCOL_SPC_SMPTE170M: return SWS_CS_ITU601;
        case AVCOL_SPC_FCC: return SWS_CS_FCC;
        case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
        case AVCOL_SPC_BT2020_NCL:
        case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
        default: return frame->width >= 1280 || frame->height > 576 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    }
}

static cm_status prepare(video_converter *c, const AVFrame *frame, int width, int height, cm_report *report) {
    bool full = frame->color_range == AVCOL_RANGE_JPEG;
    enum AVPixelFormat format = plain_format((enum AVPixelFormat)frame->format, &full);
    int matrix = matrix_of(frame);
    int wanted[7] = {frame->width, frame->height, format, matrix, full, width, height};
    if (c->scaler && !memcmp(wanted, c->made_for, sizeof wanted)) return CM_OK;
    sws_freeContext(c->scaler);
    // To planes, since libswscale interpolates chroma much faster into them than into packed RGB.
    c->scaler = sws_getContext(
        frame->width, frame->height, format, width, height, AV_PIX_FMT_GBRP,
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
    if (!c->scaler) {
        const char *name = av_get_pix_fmt_name(format);
        snprintf(
            report->error, sizeof report->error, "can't turn %d x %d pixels of %s into %d x %d of RGB", frame->width,
            frame->height, name ? name : "an unknown format", width, height);
        return CM_UNSUPPORTED;
    }
    sws_setColorspaceDetails(
        c->scaler, sws_getCoefficients(matrix), full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    memcpy(c->made_for, wanted, sizeof wanted);
    return CM_OK;
}

#if defined(__x86_64__)
/// For each of the three vectors that sixteen pixels of RGB fill, and in it for red, green and blue: which pixel's byte
/// goes where; -1 leaves the place to another colour.
static const int8_t places[9][16] = {
    {0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5},
    {-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1},
    {-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1},
    {-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1},
    {5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10},
    {-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1},
    {-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1},
    {-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1},
    {10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15},
};

/// Weaves planes into RGB, sixteen pixels at a time; returns the number of pixels that are done.
__attribute__((target("ssse3"))) static ptrdiff_t interleave_vectors(
    const uint8_t *r, const uint8_t *g, const uint8_t *b, ptrdiff_t count, uint8_t *to) {
    ptrdiff_t x = 0;
    for (; x + 16 <= count; x += 16) {
        const uint8_t *const planes[3] = {r + x, g + x, b + x};
        for (int vector = 0; vector < 3; vector++) {
            __m128i sum = _mm_setzero_si128();
            for (int colour = 0; colour < 3; colour++) {
                __m128i place = _mm_loadu_si128((const __m128i *)places[3 * vector + colour]);
                __m128i bytes = _mm_loadu_si128((const __m128i *)planes[colour]);
                sum = _mm_or_si128(sum, _mm_shuffle_epi8(bytes, place));
            }
            _mm_storeu_si128((__m128i *)(to + 3 * x + 16 * vector), sum);
        }
    }
    return x;
}
#endif

/// Weaves a row's planes into RGB.
static void interleave(const uint8_t *r, const uint8_t *g, const uint8_t *b, ptrdiff_t count, uint8_t *to) {
    ptrdiff_t x = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) x = interleave_vectors(r, g, b, count, to);
#endif
    for (; x < count; x++) {
        to[3 * x] = r[x];
        to[3 * x + 1] = g[x];
        to[3 * x + 2] = b[x];
    }
}

cm_status video_convert(
    video_converter *c, const AVFrame *frame, int width, int height, int orientation, uint8_t *rgb, cm_report *report) {
    int across = orientation >= 5 ? height : width, down = orientation >= 5 ? width : height;
    cm_status status = prepare(c, frame, across, down, report);
    if (status != CM_OK) return status;
    // libswscale writes whole vectors, past the end of a row.
    size_t stride = ((size_t)across + 63) / 64 * 64 + 64, plane = stride * (size_t)down;
    if (c->plane_bytes < 3 * plane) {
        av_free(c->planes);
        c->planes = av_malloc(3 * plane);
        c->plane_bytes = c->planes ? 3 * plane : 0;
        if (!c->planes) return CM_OUT_OF_MEMORY;
    }
    uint8_t *targets[4] = {c->planes, c->planes + plane, c->planes + 2 * plane, NULL};
    int strides[4] = {(int)stride, (int)stride, (int)stride, 0};
    const uint8_t *const *sources = (const uint8_t *const *)frame->data;
    if (sws_scale(c->scaler, sources, frame->linesize, 0, frame->height, targets, strides) < 0) {
        snprintf(report->error, sizeof report->error, "libswscale can't convert it");
        return CM_UNSUPPORTED;
    }
    // Where the stored pixel (x, y) goes: its offset is origin + x * right + y * below.
    ptrdiff_t w = width, h = height, origin = 0, right = 1, below = w;
    switch (orientation) {
        case 2:
            origin = w - 1;
            right = -1;
            break;
        case 3:
            origin = w * h - 1;
            right = -1;
            below = -w;
            break;
        case 4:
            origin = w * (h - 1);
            below = -w;
            break;
        case 5:
            right = w;
            below = 1;
            break;
        case 6:
            origin = w - 1;
            right = w;
            below = -1;
            break;
        case 7:
            origin = w * h - 1;
            right = -w;
            below = -1;
            break;
        case 8:
            origin = w * (h - 1);
            right = -w;
            below = 1;
            break;
        default: break;
    }
    for (ptrdiff_t y = 0; y < down; y++) {
        const uint8_t *g = c->planes + (size_t)y * stride, *b = g + plane, *r = b + plane;
        uint8_t *to = rgb + 3 * (origin + y * below);
        if (right == 1) {
            interleave(r, g, b, across, to);
        } else {
            for (ptrdiff_t x = 0; x < across; x++, to += 3 * right) {
                to[0] = r[x];
                to[1] = g[x];
                to[2] = b[x];
            }
        }
    }
    return CM_OK;
}
