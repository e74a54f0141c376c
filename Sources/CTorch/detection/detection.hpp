#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)

// The detection operations on CPU tensors of float32 or float64. Boxes are `[N, 4]`, XYXY in pixels. Shapes are checked
// with TORCH_CHECK, so every function throws `c10::Error` for what it can't take.
namespace ctorch {

/// Indices (int64) of the boxes that stay, by descending score; ties keep their order.
at::Tensor non_maximum_suppression(const at::Tensor &boxes, const at::Tensor &scores, double iou_threshold);

/// Non-maximum suppression in which boxes of different classes don't suppress each other.
at::Tensor batched_non_maximum_suppression(
    const at::Tensor &boxes, const at::Tensor &scores, const at::Tensor &classes, double iou_threshold);

struct SoftSuppression {
    bool is_gaussian;        ///< whether scores fall by a Gaussian of the overlap, not linearly
    double iou_threshold;    ///< linear: overlap from which on scores are lowered
    double sigma;            ///< Gaussian: its width
    double score_threshold;  ///< boxes whose score falls below this go
    int64_t limit;           ///< how many boxes stay at most
};

/// Soft non-maximum suppression within each class (Bodla et al. 2017): indices (int64) of the boxes that stay, by descending
/// lowered score, ties in their order, and those scores. A score that is NaN goes.
std::pair<at::Tensor, at::Tensor> soft_non_maximum_suppression(
    const at::Tensor &boxes, const at::Tensor &scores, const at::Tensor &classes, const SoftSuppression &options);

enum class OutputLayout { like_input, contiguous };

struct RoIAlignOptions {
    int64_t output_height;
    int64_t output_width;
    int64_t sampling_ratio;  ///< samples in a bin along each axis; 0: one for each of its pixels, rounded up
    bool aligned;            ///< whether coordinates are shifted by half a pixel
    OutputLayout layout = OutputLayout::like_input;
};

/// RoIAlign, `[K, C, h, w]`, differentiable in every level. `rois` is `[K, 5]`: image index, x0, y0, x1, y1. `level_of`
/// is `[K]` int64, the level that each region is sampled from; undefined for a single level.
at::Tensor roi_align(
    const std::vector<at::Tensor> &levels, const std::vector<double> &scales, const at::Tensor &rois,
    const at::Tensor &level_of, const RoIAlignOptions &options);

/// The pyramid level of each region, `[K]` int64 from 0: floor(canonicalLevel + log2(sqrt(area) / canonicalSize) + 1e-6),
/// clamped to the levels there are (Feature Pyramid Networks, equation 1).
at::Tensor pyramid_levels(
    const at::Tensor &rois, const std::vector<double> &scales, double canonical_size, double canonical_level);

/// RoIPool, `[K, C, h, w]`, differentiable in `features`.
at::Tensor roi_pool(
    const at::Tensor &features, const at::Tensor &rois, int64_t output_height, int64_t output_width, double scale);

/// Intersection over union of every pair of boxes `[N, 4]` and `[M, 4]`: `[N, M]`.
at::Tensor box_iou(const at::Tensor &a, const at::Tensor &b);
/// The offsets (dx, dy, dw, dh), `[N, 4]`, that take `anchors` to `reference`.
at::Tensor encode_boxes(const at::Tensor &reference, const at::Tensor &anchors, const std::array<double, 4> &weights);
/// The boxes `[N, 4k]` that offsets from anchors stand for.
at::Tensor decode_boxes(
    const at::Tensor &deltas, const at::Tensor &anchors, const std::array<double, 4> &weights, double size_limit);
at::Tensor clip_boxes(const at::Tensor &boxes, double height, double width);
/// The ground truth of each anchor, `[A]` int64: its index, -1 below `low`, -2 between the thresholds.
at::Tensor match_anchors(
    const at::Tensor &ground_truth, const at::Tensor &anchors, double high, double low, bool allow_low_quality);

}  // namespace ctorch

#pragma GCC visibility pop
