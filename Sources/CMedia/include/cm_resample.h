#ifndef CM_RESAMPLE_H
#define CM_RESAMPLE_H

#include "cm_report.h"

#pragma GCC visibility push(hidden)

typedef enum cm_filter {
    /// The sample whose area holds the target's centre: floor((i + 0.5) * scale).
    CM_FILTER_NEAREST = 0,
    /// Two by two samples around the target's centre, whatever the scale.
    CM_FILTER_BILINEAR,
    /// A triangle as wide as the scale, as Pillow and torchvision's `antialias=True` have it.
    CM_FILTER_BILINEAR_ANTIALIASED
} cm_filter;

/// Resamples interleaved 8-bit pixels of 1 or 3 channels. Fails only when there is no memory.
cm_status cm_resample(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, int target_width, int target_height,
    cm_filter filter);

/// Resampling without vector instructions, for the tests to hold the vectorised loops against.
cm_status cm_resample_portably(
    const uint8_t *source, int width, int height, int channels, uint8_t *target, int target_width, int target_height,
    cm_filter filter);

#pragma GCC visibility pop

#endif
