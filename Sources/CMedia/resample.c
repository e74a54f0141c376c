#include "cm_resample.h"
#include "resample_kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Ranges and weights for one axis, in memory of their own. Both filters are a weighted mean of neighbours, so plain
/// bilinear is the triangle of width one, and antialiasing widens it by the scale.
static bool make_taps(int source, int target, bool antialiased, int max_bits, cm_taps *taps) {
    double scale = (double)source / target;
    double width = antialiased && scale > 1 ? scale : 1;
    int capacity = (int)ceil(width) * 2 + 1;
    // Kernels read weights in pairs.
    capacity += capacity & 1;
    memset(taps, 0, sizeof *taps);
    taps->stride = capacity;
    taps->first = malloc((size_t)target * sizeof *taps->first);
    taps->count = malloc((size_t)target * sizeof *taps->count);
    taps->weights = calloc((size_t)target * (size_t)capacity, sizeof *taps->weights);
    double *exact = malloc((size_t)target * (size_t)capacity * sizeof *exact);
    if (!taps->first || !taps->count || !taps->weights || !exact) {
        free(exact);
        return false;
    }
    double largest = 0;
    for (int i = 0; i < target; i++) {
        double center = (i + 0.5) * scale;
        int first = (int)(center - width + 0.5), end = (int)(center + width + 0.5);
        if (first < 0) first = 0;
        if (end > source) end = source;
        double *w = exact + (size_t)i * (size_t)capacity, sum = 0;
        for (int k = first; k < end; k++) {
            double distance = fabs((k - center + 0.5) / width);
            w[k - first] = distance < 1 ? 1 - distance : 0;
            sum += w[k - first];
        }
        for (int k = 0; k < end - first; k++) {
            w[k] /= sum;
            if (w[k] > largest) largest = w[k];
        }
        taps->first[i] = first;
        taps->count[i] = end - first;
    }
    taps->bits = max_bits;
    while (largest * (1 << taps->bits) > 32766) taps->bits--;
    int one = 1 << taps->bits;
    for (int i = 0; i < target; i++) {
        const double *w = exact + (size_t)i * (size_t)capacity;
        int16_t *fixed = taps->weights + (size_t)i * (size_t)capacity;
        int sum = 0, heaviest = 0;
        for (int k = 0; k < taps->count[i]; k++) {
            fixed[k] = (int16_t)lrint(w[k] * one);
            sum += fixed[k];
            if (fixed[k] > fixed[heaviest]) heaviest = k;
        }
        // The weights sum to one exactly, so a flat area keeps its value.
        fixed[heaviest] = (int16_t)(fixed[heaviest] + one - sum);
    }
    free(exact);
    return true;
}

static void free_taps(cm_taps *taps) {
    free(taps->first);
    free(taps->count);
    free(taps->weights);
}

static void nearest(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, int target_width, int target_height,
    int *columns) {
    for (int x = 0; x < target_width; x++)
        columns[x] = (int)(((int64_t)2 * x + 1) * width / (2 * (int64_t)target_width)) * channels;
    for (int y = 0; y < target_height; y++) {
        int from_y = (int)(((int64_t)2 * y + 1) * height / (2 * (int64_t)target_height));
        const uint8_t *row = source + (size_t)from_y * width * channels;
        for (int x = 0; x < target_width; x++)
            for (int c = 0; c < channels; c++) *target++ = row[columns[x] + c];
    }
}

cm_status cm_resample(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, int target_width, int target_height,
    cm_filter filter) {
    if (width < 1 || height < 1 || target_width < 1 || target_height < 1 || channels < 1 || channels > 4)
        return CM_INVALID;
    if (filter == CM_FILTER_NEAREST) {
        int *columns = malloc((size_t)target_width * sizeof *columns);
        if (!columns) return CM_OUT_OF_MEMORY;
        nearest(source, width, height, channels, target, target_width, target_height, columns);
        free(columns);
        return CM_OK;
    }
    if (width == target_width && height == target_height) {
        memcpy(target, source, (size_t)width * (size_t)height * (size_t)channels);
        return CM_OK;
    }
    const cm_resample_kernels *kernels = cm_choose_resample_kernels();
    bool antialiased = filter == CM_FILTER_BILINEAR_ANTIALIASED;
    cm_taps rows = {0}, columns = {0};
    // Rows first, where the arithmetic is the same for a whole row, down to 14 bits; then the fewer rows' columns.
    size_t samples = (size_t)width * (size_t)channels;
    // Kernels may read, and write, past a row's end by less than this.
    size_t stride = samples + 32;
    int16_t *strip = malloc(stride * cm_strip_rows * sizeof *strip);
    cm_status status = CM_OUT_OF_MEMORY;
    if (strip && make_taps(height, target_height, antialiased, 22, &rows)
        && make_taps(width, target_width, antialiased, 16, &columns)) {
        memset(strip, 0, stride * cm_strip_rows * sizeof *strip);
        for (int y = 0; y < target_height; y += cm_strip_rows) {
            int count = target_height - y < cm_strip_rows ? target_height - y : cm_strip_rows;
            for (int i = 0; i < count; i++)
                kernels->rows(
                    source + (size_t)rows.first[y + i] * samples, samples, rows.weights + (size_t)(y + i) * rows.stride,
                    rows.count[y + i], rows.bits, strip + (size_t)i * stride);
            kernels->columns(
                strip, stride, count, channels, &columns, target_width,
                target + (size_t)y * (size_t)target_width * (size_t)channels);
        }
        status = CM_OK;
    }
    free(strip);
    free_taps(&rows);
    free_taps(&columns);
    return status;
}
