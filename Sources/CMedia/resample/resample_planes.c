#include "resample/resample_kernels.h"

#include <stdlib.h>

static bool same_geometry(const cm_plane *a, const cm_plane *b) {
    return a->width == b->width && a->height == b->height && a->factor_x == b->factor_x && a->factor_y == b->factor_y &&
        a->upsampling_x == b->upsampling_x && a->upsampling_y == b->upsampling_y;
}

/// Makes `count` target rows of one plane, from row `y` on, in the strip's target.
static void blend_plane(
    const cm_resample_kernels *kernels, const cm_plane *plane, const cm_taps *rows, const cm_taps *columns, int y,
    int count, int target_width, cm_strip *strip) {
    for (int i = 0; i < count; i++)
        kernels->rows(
            plane->data + (size_t)rows->first[y + i] * plane->pitch, plane->pitch, (size_t)plane->width,
            rows->weights + (size_t)(y + i) * (size_t)rows->stride, rows->count[y + i], rows->bits,
            strip->rows + (size_t)i * strip->stride);
    kernels->columns(strip, (size_t)plane->width, 1, columns, target_width);
}

/// Makes one row of target pixels of a row of each plane.
static void write_row(
    const cm_resample_kernels *kernels, const int16_t *const planes[3], int plane_count, int width, int channels,
    uint8_t *to) {
    if (plane_count == 3) {
        kernels->rgb(planes[0], planes[1], planes[2], width, to);
        return;
    }
    kernels->bytes(planes[0], width, to);
    if (channels == 1) return;
    // From the right, where the three bytes of a pixel overwrite only grey samples that have been read.
    for (int x = width - 1; x >= 0; x--) to[3 * x] = to[3 * x + 1] = to[3 * x + 2] = to[x];
}

cm_status cm_resample_planes(
    const cm_plane *planes, int plane_count, int width, int height, uint8_t *target, int target_width,
    int target_height, int channels) {
    const cm_resample_kernels *kernels = cm_choose_resample_kernels();
    cm_taps rows[3] = {0}, columns[3] = {0};
    cm_strip strips[3] = {0};
    // The chroma planes share their taps, unless they are stored at different sizes, which no encoder does.
    int own[3] = {0, 1, plane_count == 3 && same_geometry(&planes[1], &planes[2]) ? 1 : 2};
    bool ready = true;
    for (int p = 0; p < plane_count && ready; p++) {
        const cm_plane *plane = &planes[p];
        ready = cm_make_strip((size_t)plane->width, (size_t)target_width, &strips[p]);
        if (!ready || own[p] != p) continue;
        ready = cm_make_taps(
                    height, target_height, true, 22, plane->upsampling_y, plane->factor_y, plane->height, &rows[p]) &&
            cm_make_taps(
                    width, target_width, true, 16, plane->upsampling_x, plane->factor_x, plane->width, &columns[p]);
    }
    for (int y = 0; y < target_height && ready; y += cm_strip_rows) {
        int count = target_height - y < cm_strip_rows ? target_height - y : cm_strip_rows;
        for (int p = 0; p < plane_count; p++)
            blend_plane(kernels, &planes[p], &rows[own[p]], &columns[own[p]], y, count, target_width, &strips[p]);
        for (int i = 0; i < count; i++) {
            const int16_t *line[3] = {NULL, NULL, NULL};
            for (int p = 0; p < plane_count; p++) line[p] = strips[p].target + (size_t)i * strips[p].target_stride;
            size_t offset = (size_t)(y + i) * (size_t)target_width * (size_t)channels;
            write_row(kernels, line, plane_count, target_width, channels, target + offset);
        }
    }
    for (int p = 0; p < 3; p++) {
        cm_free_strip(&strips[p]);
        cm_free_taps(&rows[p]);
        cm_free_taps(&columns[p]);
    }
    return ready ? CM_OK : CM_OUT_OF_MEMORY;
}
