#include "cm_resample.h"
#include "resample_kernels.h"

#include <stdlib.h>
#include <string.h>

static void nearest(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, int target_width, int target_height,
    int *columns) {
    for (int x = 0; x < target_width; x++)
        columns[x] = (int)(((int64_t)2 * x + 1) * width / (2 * (int64_t)target_width)) * channels;
    for (int y = 0; y < target_height; y++) {
        int from_y = (int)(((int64_t)2 * y + 1) * height / (2 * (int64_t)target_height));
        const uint8_t *row = source + (size_t)from_y * (size_t)width * (size_t)channels;
        for (int x = 0; x < target_width; x++)
            for (int c = 0; c < channels; c++) *target++ = row[columns[x] + c];
    }
}

/// Rows first, where the arithmetic is the same for a whole row, down to 14 bits; then the columns of the fewer rows.
static void linear(
    const cm_resample_kernels *kernels, const uint8_t *source, int width, int channels, uint8_t *target,
    int target_width, int target_height, const cm_taps *rows, const cm_taps *columns, int16_t *const strip[2],
    int16_t *const line[2]) {
    size_t samples = (size_t)width * (size_t)channels, target_samples = (size_t)target_width * (size_t)channels;
    const int16_t *const from[2] = {strip[0], strip[1]};
    for (int y = 0; y < target_height; y += 2) {
        int count = target_height - y < 2 ? 1 : 2;
        for (int i = 0; i < count; i++)
            kernels->rows(
                source + (size_t)rows->first[y + i] * samples, samples, samples,
                rows->weights + (size_t)(y + i) * (size_t)rows->stride, rows->count[y + i], rows->bits, strip[i]);
        uint8_t *const to[2] = {target + (size_t)y * target_samples, target + (size_t)(y + count - 1) * target_samples};
        if (channels == 3) {
            kernels->columns3(from, count, columns, target_width, to);
        } else {
            kernels->columns1(from, count, columns, target_width, line);
            for (int i = 0; i < count; i++) kernels->grey(line[i], target_width, to[i]);
        }
    }
}

static cm_status resample(
    const cm_resample_kernels *kernels, const uint8_t *source, int width, int height, int channels, uint8_t *target,
    int target_width, int target_height, cm_filter filter) {
    if (width < 1 || height < 1 || target_width < 1 || target_height < 1 || (channels != 1 && channels != 3))
        return CM_INVALID;
    if (filter == CM_FILTER_NEAREST) {
        int *columns = malloc((size_t)target_width * sizeof *columns);
        if (!columns) return CM_OUT_OF_MEMORY;
        nearest(source, width, height, channels, target, target_width, target_height, columns);
        free(columns);
        return CM_OK;
    }
    bool antialiased = filter == CM_FILTER_BILINEAR_ANTIALIASED;
    cm_taps rows = {0}, columns = {0};
    // The slack is read by kernels and must hold something.
    size_t stride = (size_t)width * (size_t)channels + cm_row_slack;
    int16_t *strips = calloc(2 * stride + 2 * (size_t)target_width, sizeof *strips);
    cm_status status = CM_OUT_OF_MEMORY;
    if (strips && cm_make_taps(height, target_height, antialiased, 22, CM_UPSAMPLING_NONE, 1, height, &rows)
        && cm_make_taps(width, target_width, antialiased, 16, CM_UPSAMPLING_NONE, 1, width, &columns)) {
        int16_t *const strip[2] = {strips, strips + stride};
        int16_t *const line[2] = {strips + 2 * stride, strips + 2 * stride + target_width};
        linear(
            kernels, source, width, channels, target, target_width, target_height, &rows, &columns, strip, line);
        status = CM_OK;
    }
    free(strips);
    cm_free_taps(&rows);
    cm_free_taps(&columns);
    return status;
}

cm_status cm_resample(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, int target_width, int target_height,
    cm_filter filter) {
    return resample(
        cm_choose_resample_kernels(), source, width, height, channels, target, target_width, target_height, filter);
}

cm_status cm_resample_portably(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, int target_width, int target_height,
    cm_filter filter) {
    return resample(
        &cm_plain_kernels, source, width, height, channels, target, target_width, target_height, filter);
}
