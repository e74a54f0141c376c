#ifndef CTORCH_DETECTION_H
#define CTORCH_DETECTION_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

// Native detection operations, on the CPU, float32 and float64. Boxes are XYXY pixels.

/// Non-maximum suppression: indices (int64) of the boxes `[N, 4]` that stay, by descending score.
ct_status ct_nms(ct_tensor boxes, ct_tensor scores, double iou_threshold, ct_tensor *out);
/// Non-maximum suppression within each class: boxes of different `classes` (int64 `[N]`) don't suppress each other.
ct_status ct_batched_nms(ct_tensor boxes, ct_tensor scores, ct_tensor classes, double iou_threshold, ct_tensor *out);

typedef struct ct_soft_nms_options {
    bool gaussian;           ///< whether scores fall by a Gaussian of the overlap, not linearly
    double iou_threshold;    ///< linear: overlap from which on scores are lowered
    double sigma;            ///< Gaussian: its width
    double score_threshold;  ///< boxes whose score falls below this go
    int64_t limit;           ///< how many boxes stay at most
} ct_soft_nms_options;

/// Soft suppression within each class: indices (int64) of the boxes that stay, by descending lowered score, and those
/// scores.
ct_status ct_soft_nms(
    ct_tensor boxes, ct_tensor scores, ct_tensor classes, ct_soft_nms_options options, ct_tensor *indices,
    ct_tensor *lowered);

typedef struct ct_roi_align_options {
    int64_t output_height, output_width;
    int64_t sampling_ratio;  ///< samples in a bin along each axis; 0: one for each of its pixels, rounded up
    bool aligned;            ///< whether coordinates are shifted by half a pixel
    bool contiguous_output;  ///< whether the output is row-major whatever the layout of the features
} ct_roi_align_options;

/// RoIAlign of regions `[K, 5]` (image, x0, y0, x1, y1), `[K, C, h, w]`, differentiable in every level. `level_of`
/// (int64 `[K]`) is the level that each region is sampled from; null for a single level.
ct_status ct_roi_align(
    const ct_tensor *levels, const double *scales, int32_t level_count, ct_tensor rois, ct_tensor level_of,
    ct_roi_align_options options, ct_tensor *out);
/// The level of a feature pyramid that fits each region, int64 `[K]`, 0 for the first.
ct_status ct_pyramid_levels(
    ct_tensor rois, const double *scales, int32_t level_count, double canonical_size, double canonical_level,
    ct_tensor *out);
/// RoIPool of regions `[K, 5]`, `[K, C, h, w]`, differentiable in `features`.
ct_status ct_roi_pool(
    ct_tensor features, ct_tensor rois, int64_t output_height, int64_t output_width, double scale, ct_tensor *out);

/// Intersection over union of every pair of boxes `[N, 4]` and `[M, 4]`: `[N, M]`.
ct_status ct_box_iou(ct_tensor a, ct_tensor b, ct_tensor *out);
/// The offsets `[N, 4]` that take `anchors` to `reference`, times the weights of x, y, width and height.
ct_status ct_encode_boxes(ct_tensor reference, ct_tensor anchors, const double weights[4], ct_tensor *out);
/// The boxes `[N, 4k]` that offsets `[N, 4k]` from `anchors` `[N, 4]` stand for; `size_limit` bounds the logarithm of a
/// ratio of sizes.
ct_status ct_decode_boxes(
    ct_tensor deltas, ct_tensor anchors, const double weights[4], double size_limit, ct_tensor *out);
/// Boxes `[…, 4k]` cut to an image.
ct_status ct_clip_boxes(ct_tensor boxes, double height, double width, ct_tensor *out);
/// The ground truth of each anchor, int64 `[A]`: its index, -1 below `low`, -2 between the thresholds.
ct_status ct_match_anchors(
    ct_tensor ground_truth, ct_tensor anchors, double high, double low, bool allow_low_quality, ct_tensor *out);

/// Runs `task(context, i)` once for every i in 0..<count on libtorch's threads.
ct_status ct_parallel_tasks(int64_t count, void (*task)(void *context, int64_t index), void *context);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
