#include "cm_resample.h"
#include "resample/resample_kernels.h"

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

bool cm_make_strip(size_t samples, size_t target_samples, cm_strip *strip) {
    strip->stride = (samples + 15) / 16 * 16 + cm_row_slack;
    strip->target_stride = (target_samples + 15) / 16 * 16;
    size_t in = strip->stride * cm_strip_rows, out = strip->target_stride * cm_strip_rows;
    strip->memory = calloc(2 * in + 2 * out, sizeof(int16_t));
    strip->rows = strip->memory;
    strip->columns = strip->rows + in;
    strip->blended = strip->columns + in;
    strip->target = strip->blended + out;
    return strip->memory != NULL;
}

void cm_free_strip(cm_strip *strip) { free(strip->memory); }

/// Resamples from top to bottom first, where all samples of a row have equal weights, to 14 bits a sample; then the
/// rows that come of it, from left to right.
static void linear(
    const cm_resample_kernels *kernels, const uint8_t *source, int width, int channels, uint8_t *target,
    int target_width, int target_height, const cm_taps *rows, const cm_taps *columns, cm_strip *strip) {
    size_t samples = (size_t)width * (size_t)channels, target_samples = (size_t)target_width * (size_t)channels;
    for (int y = 0; y < target_height; y += cm_strip_rows) {
        int count = target_height - y < cm_strip_rows ? target_height - y : cm_strip_rows;
        for (int i = 0; i < count; i++)
            kernels->rows(
                source + (size_t)rows->first[y + i] * samples, samples, samples,
                rows->weights + (size_t)(y + i) * (size_t)rows->stride, rows->count[y + i], rows->bits,
                strip->rows + (size_t)i * strip->stride);
        kernels->columns(strip, samples, channels, columns, target_width);
        for (int i = 0; i < count; i++)
            kernels->bytes(
                strip->target + (size_t)i * strip->target_stride, (int)target_samples,
                target + (size_t)(y + i) * target_samples);
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
    cm_strip strip = {0};
    cm_status status = CM_OUT_OF_MEMORY;
    if (cm_make_strip((size_t)width * (size_t)channels, (size_t)target_width * (size_t)channels, &strip) &&
        cm_make_taps(height, target_height, antialiased, 22, CM_UPSAMPLING_NONE, 1, height, &rows) &&
        cm_make_taps(width, target_width, antialiased, 16, CM_UPSAMPLING_NONE, 1, width, &columns)) {
        linear(kernels, source, width, channels, target, target_width, target_height, &rows, &columns, &strip);
        status = CM_OK;
    }
    cm_free_strip(&strip);
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
    return resample(&cm_plain_kernels, source, width, height, channels, target, target_width, target_height, filter);
}
