#include "cm_resample.h"
#include "resample_kernels.h"

#include <stdlib.h>

/// Two rows of one target plane.
static void blend_plane(
    const cm_resample_kernels *kernels, const cm_plane *plane, const cm_taps *rows, const cm_taps *columns, int y,
    int count, int16_t *const strip[2], int target_width, int16_t *const line[2]) {
    for (int i = 0; i < count; i++)
        kernels->rows(
            plane->data + (size_t)rows->first[y + i] * plane->pitch, plane->pitch, (size_t)plane->width,
            rows->weights + (size_t)(y + i) * (size_t)rows->stride, rows->count[y + i], rows->bits, strip[i]);
    const int16_t *const from[2] = {strip[0], strip[1]};
    kernels->columns1(from, count, columns, target_width, line);
}

static bool same_geometry(const cm_plane *a, const cm_plane *b) {
    return a->width == b->width && a->height == b->height && a->factor_x == b->factor_x && a->factor_y == b->factor_y
        && a->upsampling_x == b->upsampling_x && a->upsampling_y == b->upsampling_y;
}

cm_status cm_resample_planes(
    const cm_plane *planes, int plane_count, int width, int height, uint8_t *target, int target_width,
    int target_height, int channels) {
    const cm_resample_kernels *kernels = cm_choose_resample_kernels();
    cm_taps rows[3] = {0}, columns[3] = {0};
    size_t stride = (size_t)width + cm_row_slack, line_stride = (size_t)target_width;
    // Two rows between the passes, and two of each target plane.
    int16_t *memory = calloc(2 * stride + 6 * line_stride, sizeof *memory);
    bool ready = memory != NULL;
    // The chroma planes share their taps, unless they are stored differently, as no encoder does.
    int own[3] = {0, 1, plane_count == 3 && same_geometry(&planes[1], &planes[2]) ? 1 : 2};
    for (int p = 0; p < plane_count && ready; p++) {
        if (own[p] != p) continue;
        ready = cm_make_taps(
                    height, target_height, true, 22, planes[p].upsampling_y, planes[p].factor_y, planes[p].height,
                    &rows[p])
            && cm_make_taps(
                    width, target_width, true, 16, planes[p].upsampling_x, planes[p].factor_x, planes[p].width,
                    &columns[p]);
    }
    if (ready) {
        int16_t *const strip[2] = {memory, memory + stride};
        int16_t *const lines = memory + 2 * stride;
        for (int y = 0; y < target_height; y += 2) {
            int count = target_height - y < 2 ? 1 : 2;
            for (int p = 0; p < plane_count; p++) {
                int16_t *const line[2] = {lines + (size_t)p * 2 * line_stride, lines + ((size_t)p * 2 + 1) * line_stride};
                blend_plane(kernels, &planes[p], &rows[own[p]], &columns[own[p]], y, count, strip, target_width, line);
            }
            for (int i = 0; i < count; i++) {
                const int16_t *luma = lines + (size_t)i * line_stride;
                uint8_t *to = target + (size_t)(y + i) * line_stride * (unsigned)channels;
                if (channels == 1) {
                    kernels->grey(luma, target_width, to);
                } else if (plane_count == 1) {
                    kernels->grey(luma, target_width, to);
                    // From the right, where the three bytes of a pixel have no grey left to read.
                    for (int x = target_width - 1; x >= 0; x--) to[3 * x] = to[3 * x + 1] = to[3 * x + 2] = to[x];
                } else {
                    kernels->rgb(luma, luma + 2 * line_stride, luma + 4 * line_stride, target_width, to);
                }
            }
        }
    }
    free(memory);
    for (int p = 0; p < 3; p++) {
        cm_free_taps(&rows[p]);
        cm_free_taps(&columns[p]);
    }
    return ready ? CM_OK : CM_OUT_OF_MEMORY;
}
