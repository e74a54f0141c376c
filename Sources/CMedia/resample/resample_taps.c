#include "resample/resample_kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double triangle(double x) {
    double height = x < 0 ? 1 + x : 1 - x;
    return height > 0 ? height : 0;
}

/// Adds the `weight` of full sample `at` to the weights of the stored samples that it would be made of; `weights`
/// begins with that of stored sample `first`.
static void add_upsampled(
    int at, double weight, cm_upsampling upsampling, int factor, int stored, int first, double *weights) {
    // Nearly always the factor is 2, and a division would be most of the work.
    int near = factor == 2 ? at >> 1 : at / factor;
    if (near > stored - 1) near = stored - 1;
    if (upsampling != CM_UPSAMPLING_FANCY) {
        weights[near - first] += weight;
        return;
    }
    int next = at & 1 ? near + 1 : near - 1;
    if (next < 0) next = 0;
    if (next > stored - 1) next = stored - 1;
    weights[near - first] += weight * 0.75;
    weights[next - first] += weight * 0.25;
}

bool cm_make_taps(
    int full, int target, bool antialiased, int max_bits, cm_upsampling upsampling, int factor, int stored,
    cm_taps *taps) {
    double scale = (double)full / target;
    double width = antialiased && scale > 1 ? scale : 1;
    // As many as the triangle spans, one more on either side for upsampling, rounded up to whole vectors.
    int capacity = ((int)ceil(width) * 2 + (upsampling == CM_UPSAMPLING_NONE ? 1 : 3) + 7) / 8 * 8;
    memset(taps, 0, sizeof *taps);
    taps->stride = capacity;
    size_t total = (size_t)target * (size_t)capacity;
    taps->first = malloc((size_t)target * sizeof *taps->first);
    taps->count = malloc((size_t)target * sizeof *taps->count);
    taps->weights = calloc(total, sizeof *taps->weights);
    double *exact = calloc(total, sizeof *exact);
    double *heights = malloc((size_t)capacity * sizeof *heights);
    if (!taps->first || !taps->count || !taps->weights || !exact || !heights) {
        free(exact);
        free(heights);
        return false;
    }
    double largest = 0, inverse = 1 / width;
    for (int i = 0; i < target; i++) {
        double center = (i + 0.5) * scale, sum = 0;
        int first = (int)(center - width + 0.5), end = (int)(center + width + 0.5);
        if (first < 0) first = 0;
        if (end > full) end = full;
        for (int k = first; k < end; k++) sum += heights[k - first] = triangle((k - center + 0.5) * inverse);
        double *w = exact + (size_t)i * (size_t)capacity;
        double share = 1 / sum;
        int low = first, high = end;
        if (upsampling != CM_UPSAMPLING_NONE) {
            low = first / factor - 1;
            high = (end - 1) / factor + 2;
            if (low < 0) low = 0;
            if (high > stored) high = stored;
            if (low > high - 1) low = high - 1;
        }
        for (int k = first; k < end; k++) {
            double weight = heights[k - first] * share;
            if (upsampling == CM_UPSAMPLING_NONE) {
                w[k - first] = weight;
            } else {
                add_upsampled(k, weight, upsampling, factor, stored, low, w);
            }
        }
        // Weights of zero at either end are left out, to save the kernels work.
        while (high - low > 1 && w[high - low - 1] == 0) high--;
        int skip = 0;
        while (high - low > 1 && w[skip] == 0) {
            skip++;
            low++;
        }
        if (skip) memmove(w, w + skip, (size_t)(high - low) * sizeof *w);
        for (int k = 0; k < high - low; k++) largest = w[k] > largest ? w[k] : largest;
        taps->first[i] = low;
        taps->count[i] = high - low;
        if (high - low > taps->most) taps->most = high - low;
    }
    taps->bits = max_bits;
    while (largest * (1 << taps->bits) > 32766) taps->bits--;
    int one = 1 << taps->bits;
    for (int i = 0; i < target; i++) {
        const double *w = exact + (size_t)i * (size_t)capacity;
        int16_t *fixed = taps->weights + (size_t)i * (size_t)capacity;
        // The running sum is rounded, not each weight. So the weights sum to one exactly, and a flat area keeps its
        // value; and a blend of thousands of samples, whose weights are a few units, is as exact as one of two samples.
        double running = 0;
        int before = 0;
        for (int k = 0; k < taps->count[i]; k++) {
            running += w[k];
            int now = k + 1 == taps->count[i] ? one : (int)(running * one + 0.5);
            fixed[k] = (int16_t)(now - before);
            before = now;
        }
    }
    free(exact);
    free(heights);
    return true;
}

void cm_free_taps(cm_taps *taps) {
    free(taps->first);
    free(taps->count);
    free(taps->weights);
}
