#include "detection/detection.hpp"
#include "core/elements.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace ctorch {
namespace {

struct Candidate {
    double x0, y0, x1, y1, area, score;
    int64_t index;
};

double overlap(const Candidate &a, const Candidate &b) {
    const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
    const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
    // Zero, negative or NaN.
    if (!(width > 0) || !(height > 0)) return 0;
    const double shared = width * height, iou = shared / (a.area + b.area - shared);
    return iou > 0 ? iou : 0;
}

bool better(const Candidate &a, const Candidate &b) {
    return a.score != b.score ? a.score > b.score : a.index < b.index;
}

/// The paper's loop on one class: takes the best candidate, lowers the scores of those that it overlaps, and so on
/// until none reaches the threshold. Puts those that were taken to the front, and gives their number.
int64_t take_in_turn(std::vector<Candidate> &candidates, const SoftSuppression &options) {
    int64_t taken = 0;
    int64_t count = static_cast<int64_t>(candidates.size());
    while (taken < count && taken < options.limit) {
        std::iter_swap(
            candidates.begin() + taken,
            std::min_element(candidates.begin() + taken, candidates.begin() + count, better));
        const Candidate best = candidates[taken];
        ++taken;
        int64_t kept = taken;
        for (int64_t i = taken; i < count; ++i) {
            Candidate other = candidates[i];
            const double iou = overlap(best, other);
            if (options.is_gaussian) {
                other.score *= std::exp(-iou * iou / options.sigma);
            } else if (iou >= options.iou_threshold) {
                other.score *= 1 - iou;
            }
            if (other.score >= options.score_threshold) candidates[kept++] = other;
        }
        count = kept;
    }
    return taken;
}

}  // namespace

std::pair<at::Tensor, at::Tensor> soft_non_maximum_suppression(
    const at::Tensor &boxes, const at::Tensor &scores, const at::Tensor &classes, const SoftSuppression &options) {
    TORCH_CHECK(boxes.dim() == 2 && boxes.size(1) == 4, "soft_nms: boxes must be [N, 4], got ", boxes.sizes());
    const int64_t count = boxes.size(0);
    TORCH_CHECK(
        scores.dim() == 1 && scores.size(0) == count && scores.is_floating_point(), "soft_nms: scores must be [", count,
        "] of floating point, got ", scores.scalar_type(), " ", scores.sizes());
    TORCH_CHECK(
        classes.dim() == 1 && classes.size(0) == count && classes.scalar_type() == at::kLong,
        "soft_nms: classes must be int64 [", count, "], got ", classes.scalar_type(), " ", classes.sizes());
    TORCH_CHECK(
        boxes.device().is_cpu() && scores.device().is_cpu() && classes.device().is_cpu(),
        "soft_nms: boxes, scores and classes must be on the CPU");
    TORCH_CHECK(
        options.is_gaussian ? options.sigma > 0 : options.iou_threshold >= 0, "soft_nms: sigma ", options.sigma,
        ", IoU threshold ", options.iou_threshold);

    const at::Tensor plain = boxes.to(at::kDouble).contiguous(), values = scores.to(at::kDouble).contiguous();
    const at::Tensor labels = classes.contiguous();
    const double *edges = elements<double>(plain);
    std::map<int64_t, std::vector<Candidate>> by_class;
    for (int64_t i = 0; i < count; ++i) {
        const double *box = edges + 4 * i;
        const double score = elements<double>(values)[i];
        // This lets go of a NaN score too.
        if (!(score >= options.score_threshold)) continue;
        by_class[elements<int64_t>(labels)[i]].push_back(
            {box[0], box[1], box[2], box[3], (box[2] - box[0]) * (box[3] - box[1]), score, i});
    }
    std::vector<Candidate> all;
    for (auto &[label, candidates] : by_class) {
        const int64_t taken = take_in_turn(candidates, options);
        all.insert(all.end(), candidates.begin(), candidates.begin() + taken);
    }
    std::sort(all.begin(), all.end(), better);
    const int64_t kept = std::min<int64_t>(static_cast<int64_t>(all.size()), options.limit);
    at::Tensor indices = at::empty({kept}, at::kLong), decayed = at::empty({kept}, at::kDouble);
    for (int64_t i = 0; i < kept; ++i) {
        indices.mutable_data_ptr<int64_t>()[i] = all[i].index;
        decayed.mutable_data_ptr<double>()[i] = all[i].score;
    }
    return {indices, decayed.to(scores.scalar_type())};
}

}  // namespace ctorch
