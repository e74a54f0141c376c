#include "video/video_convert.h"

#include "video/video_weave.h"

#include <stdio.h>
#include <string.h>

#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

void video_converter_clear(video_converter *c) {
    sws_freeContext(c->scaler);
    video_rgb_clear(&c->rgb);
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
    if (c->ready && !memcmp(wanted, c->made_for, sizeof wanted)) return CM_OK;
    c->ready = false;
    sws_freeContext(c->scaler);
    c->scaler = NULL;
    memcpy(c->made_for, wanted, sizeof wanted);
    if (width == frame->width && height == frame->height && video_rgb_can(format, width, height)) {
        c->ready = video_rgb_prepare(&c->rgb, width, height, sws_getCoefficients(matrix), full);
        return c->ready ? CM_OK : CM_OUT_OF_MEMORY;
    }
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
    c->ready = true;
    return CM_OK;
}

/// Where a stored pixel (x, y) goes in the picture: its offset is origin + x * right + y * below.
typedef struct placement {
    ptrdiff_t origin, right, below;
} placement;

static placement placement_for(int orientation, ptrdiff_t w, ptrdiff_t h) {
    switch (orientation) {
        case 2: return (placement){w - 1, -1, w};
        case 3: return (placement){w * h - 1, -1, -w};
        case 4: return (placement){w * (h - 1), 1, -w};
        case 5: return (placement){0, w, 1};
        case 6: return (placement){w - 1, w, -1};
        case 7: return (placement){w * h - 1, -w, -1};
        case 8: return (placement){w * (h - 1), -w, 1};
        default: return (placement){0, 1, w};
    }
}

/// Makes `*memory` hold at least `bytes`, whose contents don't matter.
static bool reserve(uint8_t **memory, size_t *held, size_t bytes) {
    if (*held >= bytes) return true;
    av_free(*memory);
    *memory = av_malloc(bytes);
    *held = *memory ? bytes : 0;
    return *memory != NULL;
}

cm_status video_convert(
    video_converter *c, const AVFrame *frame, int width, int height, int orientation, uint8_t *rgb, cm_report *report) {
    int across = orientation >= 5 ? height : width, down = orientation >= 5 ? width : height;
    cm_status status = prepare(c, frame, across, down, report);
    if (status != CM_OK) return status;
    // libswscale writes whole vectors, past the end of a row. Behind the planes, a row of RGB.
    size_t stride = ((size_t)across + 63) / 64 * 64 + 64, plane = c->scaler ? stride * (size_t)down : 0;
    if (!reserve(&c->planes, &c->plane_bytes, 3 * (plane + stride))) return CM_OUT_OF_MEMORY;
    uint8_t *beside = c->planes + 3 * plane;
    if (c->scaler) {
        uint8_t *targets[4] = {c->planes, c->planes + plane, c->planes + 2 * plane, NULL};
        int strides[4] = {(int)stride, (int)stride, (int)stride, 0};
        const uint8_t *const *sources = (const uint8_t *const *)frame->data;
        if (sws_scale(c->scaler, sources, frame->linesize, 0, frame->height, targets, strides) < 0) {
            snprintf(report->error, sizeof report->error, "libswscale can't convert it");
            return CM_UNSUPPORTED;
        }
    }
    placement to = placement_for(orientation, width, height);
    for (ptrdiff_t y = 0; y < down; y++) {
        uint8_t *target = rgb + 3 * (to.origin + y * to.below);
        // A row that doesn't lie across the picture is made beside it first.
        uint8_t *row = to.right == 1 ? target : beside;
        if (c->scaler) {
            const uint8_t *g = c->planes + (size_t)y * stride, *b = g + plane, *r = b + plane;
            video_weave(r, g, b, across, row);
        } else {
            video_rgb_row(&c->rgb, frame, (int)y, row);
        }
        if (row == target) continue;
        for (ptrdiff_t x = 0; x < across; x++, target += 3 * to.right) memcpy(target, row + 3 * x, 3);
    }
    return CM_OK;
}
