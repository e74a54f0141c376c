#include "detection/detection.hpp"

#include "core/guard.hpp"
#include "CTorchDetection.h"
#include "core/parallel.hpp"

using namespace ctorch;

ct_status ct_nms(ct_tensor boxes, ct_tensor scores, double iou_threshold, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(non_maximum_suppression(boxes->value, scores->value, iou_threshold)); });
}

ct_status ct_batched_nms(ct_tensor boxes, ct_tensor scores, ct_tensor classes, double iou_threshold, ct_tensor *out) {
    return ct_guard([&] {
        *out = wrap(batched_non_maximum_suppression(boxes->value, scores->value, classes->value, iou_threshold));
    });
}

ct_status ct_soft_nms(
    ct_tensor boxes, ct_tensor scores, ct_tensor classes, ct_soft_nms_options options, ct_tensor *indices,
    ct_tensor *lowered) {
    return ct_guard([&] {
        auto [kept, values] = soft_non_maximum_suppression(
            boxes->value, scores->value, classes->value,
            {.is_gaussian = options.gaussian,
             .iou_threshold = options.iou_threshold,
             .sigma = options.sigma,
             .score_threshold = options.score_threshold,
             .limit = options.limit});
        *indices = wrap(std::move(kept));
        *lowered = wrap(std::move(values));
    });
}

ct_status ct_roi_align(
    const ct_tensor *levels, const double *scales, int32_t level_count, ct_tensor rois, ct_tensor level_of,
    ct_roi_align_options options, ct_tensor *out) {
    return ct_guard([&] {
        *out = wrap(roi_align(
            list(levels, level_count), std::vector<double>(scales, scales + level_count), rois->value,
            level_of == nullptr ? at::Tensor() : level_of->value,
            {.output_height = options.output_height,
             .output_width = options.output_width,
             .sampling_ratio = options.sampling_ratio,
             .aligned = options.aligned,
             .layout = options.contiguous_output ? OutputLayout::contiguous : OutputLayout::like_input}));
    });
}

ct_status ct_pyramid_levels(
    ct_tensor rois, const double *scales, int32_t level_count, double canonical_size, double canonical_level,
    ct_tensor *out) {
    return ct_guard([&] {
        *out = wrap(pyramid_levels(
            rois->value, std::vector<double>(scales, scales + level_count), canonical_size, canonical_level));
    });
}

ct_status ct_roi_pool(
    ct_tensor features, ct_tensor rois, int64_t output_height, int64_t output_width, double scale, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(roi_pool(features->value, rois->value, output_height, output_width, scale)); });
}

ct_status ct_box_iou(ct_tensor a, ct_tensor b, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(box_iou(a->value, b->value)); });
}

ct_status ct_encode_boxes(ct_tensor reference, ct_tensor anchors, const double weights[4], ct_tensor *out) {
    return ct_guard([&] {
        *out = wrap(encode_boxes(reference->value, anchors->value, {weights[0], weights[1], weights[2], weights[3]}));
    });
}

ct_status ct_decode_boxes(
    ct_tensor deltas, ct_tensor anchors, const double weights[4], double size_limit, ct_tensor *out) {
    return ct_guard([&] {
        *out = wrap(
            decode_boxes(deltas->value, anchors->value, {weights[0], weights[1], weights[2], weights[3]}, size_limit));
    });
}

ct_status ct_clip_boxes(ct_tensor boxes, double height, double width, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(clip_boxes(boxes->value, height, width)); });
}

ct_status ct_match_anchors(
    ct_tensor ground_truth, ct_tensor anchors, double high, double low, bool allow_low_quality, ct_tensor *out) {
    return ct_guard(
        [&] { *out = wrap(match_anchors(ground_truth->value, anchors->value, high, low, allow_low_quality)); });
}

ct_status ct_parallel_tasks(int64_t count, void (*task)(void *context, int64_t index), void *context) {
    return ct_guard([&] { parallel_tasks(count, [&](int64_t index) { task(context, index); }); });
}
