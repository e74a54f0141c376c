#include "detection/detection.hpp"
#include "detection/detection_nms_blocks.hpp"
#include "core/parallel.hpp"
#include "core/elements.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

namespace ctorch {
namespace {

void check_boxes_and_scores(
    const char *operation, const at::Tensor &boxes, const at::Tensor &scores, double threshold) {
    TORCH_CHECK(boxes.dim() == 2 && boxes.size(1) == 4, operation, ": boxes must be [N, 4], got ", boxes.sizes());
    TORCH_CHECK(
        scores.dim() == 1 && scores.size(0) == boxes.size(0), operation, ": scores must be [", boxes.size(0), "], got ",
        scores.sizes());
    TORCH_CHECK(
        boxes.scalar_type() == at::kFloat || boxes.scalar_type() == at::kDouble, operation,
        ": boxes must be float32 or float64, got ", boxes.scalar_type());
    TORCH_CHECK(
        boxes.device().is_cpu() && scores.device().is_cpu(), operation, ": boxes and scores must be on the CPU");
    TORCH_CHECK(threshold >= 0, operation, ": the IoU threshold must be 0 or more, got ", threshold);
    TORCH_CHECK(boxes.size(0) <= std::numeric_limits<int32_t>::max(), operation, ": too many boxes");
}

/// A key that ascends as the score descends, with NaN first, as libtorch sorts it, and both zeros equal.
uint32_t descending_key(float score) {
    if (std::isnan(score)) return 0;
    const uint32_t bits = std::bit_cast<uint32_t>(score == 0 ? 0.f : score);
    return bits >> 31 != 0 ? bits : ~bits & 0x7FFF'FFFF;
}

/// Indices by descending score; ties keep their order.
std::vector<int64_t> descending_order(const at::Tensor &scores) {
    const int64_t count = scores.size(0);
    std::vector<int64_t> order(count);
    if (scores.scalar_type() != at::kFloat) {
        const at::Tensor sorted =
            std::get<1>(scores.sort(/*stable=*/true, /*dim=*/0, /*descending=*/true)).contiguous();
        std::copy_n(elements<int64_t>(sorted), count, order.begin());
        return order;
    }
    // A radix sort in three passes, a tenth of the time of a sort by comparison.
    struct Entry {
        uint32_t key, index;
    };
    constexpr int digit_bits = 11;
    std::vector<Entry> entries(count), sorted(count);
    const at::Tensor plain = scores.contiguous();
    const float *values = elements<float>(plain);
    for (int64_t i = 0; i < count; ++i) entries[i] = {descending_key(values[i]), static_cast<uint32_t>(i)};
    for (int shift = 0; shift < 32; shift += digit_bits) {
        std::array<int64_t, 1 << digit_bits> places{};
        const auto digit = [shift](const Entry &entry) { return entry.key >> shift & ((1 << digit_bits) - 1); };
        for (const Entry &entry : entries) ++places[digit(entry)];
        std::exclusive_scan(places.begin(), places.end(), places.begin(), int64_t(0));
        for (const Entry &entry : entries) sorted[places[digit(entry)]++] = entry;
        entries.swap(sorted);
    }
    for (int64_t i = 0; i < count; ++i) order[i] = entries[i].index;
    return order;
}

template <typename T>
Corners<T> corners_of(const T *edges) {
    return {edges[0], edges[1], edges[2], edges[3], (edges[2] - edges[0]) * (edges[3] - edges[1])};
}

at::Tensor kept_indices(const std::vector<int64_t> &order, const std::vector<uint8_t> &keep) {
    at::Tensor result = at::empty({std::count(keep.begin(), keep.end(), 1)}, at::kLong);
    int64_t *out = result.mutable_data_ptr<int64_t>();
    for (size_t rank = 0; rank < keep.size(); ++rank) {
        if (keep[rank] != 0) *out++ = order[rank];
    }
    return result;
}

template <typename T>
at::Tensor suppress_all(const at::Tensor &boxes, const at::Tensor &scores, double threshold) {
    const std::vector<int64_t> ranks = descending_order(scores);
    const T *edges = elements<T>(boxes);
    std::vector<Corners<T>> ranked(boxes.size(0));
    for (size_t rank = 0; rank < ranked.size(); ++rank) ranked[rank] = corners_of(edges + 4 * ranks[rank]);
    std::vector<uint8_t> keep(ranked.size());
    suppress<T>(ranked, threshold, keep.data());
    return kept_indices(ranks, keep);
}

template <typename T>
at::Tensor suppress_by_class(
    const at::Tensor &boxes, const at::Tensor &scores, const at::Tensor &classes, double threshold) {
    const std::vector<int64_t> ranks = descending_order(scores);
    const T *edges = elements<T>(boxes);
    const int64_t *class_of = elements<int64_t>(classes);
    const int64_t count = boxes.size(0);

    std::vector<int64_t> by_class(count);
    std::iota(by_class.begin(), by_class.end(), 0);
    std::stable_sort(by_class.begin(), by_class.end(), [&](int64_t a, int64_t b) {
        return class_of[ranks[a]] < class_of[ranks[b]];
    });
    std::vector<Corners<T>> grouped(count);
    std::vector<int64_t> starts;
    for (int64_t i = 0; i < count; ++i) {
        grouped[i] = corners_of(edges + 4 * ranks[by_class[i]]);
        if (i == 0 || class_of[ranks[by_class[i]]] != class_of[ranks[by_class[i - 1]]]) starts.push_back(i);
    }
    starts.push_back(count);
    std::vector<uint8_t> keep_grouped(count);
    const auto suppress_group = [&](int64_t group) {
        const int64_t begin = starts[group], end = starts[group + 1];
        suppress<T>(std::span(grouped).subspan(begin, end - begin), threshold, keep_grouped.data() + begin);
    };
    const int64_t groups = static_cast<int64_t>(starts.size()) - 1;
    // With many classes, each is a task; with few, each shares its own tiles out to the threads.
    if (groups >= 16) {
        parallel_tasks(groups, suppress_group);
    } else {
        for (int64_t group = 0; group < groups; ++group) suppress_group(group);
    }
    std::vector<uint8_t> keep(count);
    for (int64_t i = 0; i < count; ++i) keep[by_class[i]] = keep_grouped[i];
    return kept_indices(ranks, keep);
}

}  // namespace

at::Tensor non_maximum_suppression(const at::Tensor &boxes, const at::Tensor &scores, double iou_threshold) {
    check_boxes_and_scores("nms", boxes, scores, iou_threshold);
    const at::Tensor plain = boxes.contiguous();
    return plain.scalar_type() == at::kFloat ? suppress_all<float>(plain, scores, iou_threshold)
                                             : suppress_all<double>(plain, scores, iou_threshold);
}

at::Tensor batched_non_maximum_suppression(
    const at::Tensor &boxes, const at::Tensor &scores, const at::Tensor &classes, double iou_threshold) {
    check_boxes_and_scores("batched_nms", boxes, scores, iou_threshold);
    TORCH_CHECK(
        classes.dim() == 1 && classes.size(0) == boxes.size(0) && classes.scalar_type() == at::kLong,
        "batched_nms: classes must be int64 [", boxes.size(0), "], got ", classes.scalar_type(), " ", classes.sizes());
    TORCH_CHECK(classes.device().is_cpu(), "batched_nms: classes must be on the CPU");
    if (boxes.size(0) == 0) return at::empty({0}, at::kLong);
    // torchvision moves the classes apart by an offset when there are few boxes, which rounds their edges, and takes them
    // one by one when there are many. Only the same rounding gives the same decisions.
    constexpr int64_t offset_maximum = 1000;
    if (boxes.size(0) <= offset_maximum) {
        const at::Tensor offsets = classes.to(boxes.scalar_type()).mul(boxes.max().add(1));
        return non_maximum_suppression(boxes.add(offsets.unsqueeze(1)), scores, iou_threshold);
    }
    const at::Tensor plain = boxes.contiguous(), plain_classes = classes.contiguous();
    return plain.scalar_type() == at::kFloat ? suppress_by_class<float>(plain, scores, plain_classes, iou_threshold)
                                             : suppress_by_class<double>(plain, scores, plain_classes, iou_threshold);
}

}  // namespace ctorch
