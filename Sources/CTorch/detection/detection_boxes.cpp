#include "detection/detection.hpp"
#include "core/simd.hpp"
#include "core/parallel.hpp"
#include "core/elements.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <limits>

// Every operation must round on its own, as in torchvision, so that thresholds decide as they do there.
#pragma clang fp contract(off)

namespace ctorch {
namespace {

constexpr int64_t tile_size = 64;

void check_boxes(const char *operation, const at::Tensor &boxes) {
    TORCH_CHECK(boxes.dim() == 2 && boxes.size(1) == 4, operation, ": boxes must be [N, 4], got ", boxes.sizes());
    TORCH_CHECK(boxes.device().is_cpu(), operation, ": boxes must be on the CPU");
    TORCH_CHECK(
        boxes.scalar_type() == at::kFloat || boxes.scalar_type() == at::kDouble, operation,
        ": boxes must be float32 or float64, got ", boxes.scalar_type());
}

void check_pair(const char *operation, const at::Tensor &a, const at::Tensor &b) {
    check_boxes(operation, a);
    check_boxes(operation, b);
    TORCH_CHECK(
        a.scalar_type() == b.scalar_type(), operation, ": boxes of ", a.scalar_type(), " and ", b.scalar_type());
}

/// Calls `body` with a pointer whose type is that of the elements.
template <typename Body>
void with_elements(const at::Tensor &tensor, const Body &body) {
    if (tensor.scalar_type() == at::kFloat) {
        body(tensor.mutable_data_ptr<float>());
    } else {
        body(tensor.mutable_data_ptr<double>());
    }
}

/// Up to 64 boxes, with their coordinates in columns; those past the end are empty.
template <typename T>
struct Tile {
    T x0[tile_size], y0[tile_size], x1[tile_size], y1[tile_size], area[tile_size];
};

template <typename T>
struct Corners {
    T x0, y0, x1, y1, area;
};

template <typename T>
CTORCH_INLINE Corners<T> corners_of(const T *edges) {
    return {edges[0], edges[1], edges[2], edges[3], (edges[2] - edges[0]) * (edges[3] - edges[1])};
}

template <typename T>
CTORCH_INLINE void fill_tile(Tile<T> &tile, const T *boxes, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        tile.x0[i] = boxes[4 * i];
        tile.y0[i] = boxes[4 * i + 1];
        tile.x1[i] = boxes[4 * i + 2];
        tile.y1[i] = boxes[4 * i + 3];
    }
    for (int64_t i = count; i < tile_size; ++i) tile.x0[i] = tile.y0[i] = tile.x1[i] = tile.y1[i] = 0;
    for (int64_t i = 0; i < tile_size; ++i) tile.area[i] = (tile.x1[i] - tile.x0[i]) * (tile.y1[i] - tile.y0[i]);
}

template <typename T>
CTORCH_INLINE T overlap(const Corners<T> &box, const Tile<T> &tile, int64_t i) {
    const T left = box.x0 > tile.x0[i] ? box.x0 : tile.x0[i];
    const T top = box.y0 > tile.y0[i] ? box.y0 : tile.y0[i];
    const T right = box.x1 < tile.x1[i] ? box.x1 : tile.x1[i];
    const T bottom = box.y1 < tile.y1[i] ? box.y1 : tile.y1[i];
    const T across = right - left, down = bottom - top;
    const T intersection = (across > 0 ? across : T(0)) * (down > 0 ? down : T(0));
    return intersection / (box.area + tile.area[i] - intersection);
}

/// IoU of `rows` boxes with one tile's, row r at `out[r * stride]`.
template <typename T>
CTORCH_INLINE void tile_overlaps_implementation(
    const T *boxes, int64_t rows, const T *tile_boxes, int64_t count, T *out, int64_t stride) {
    Tile<T> tile;
    fill_tile(tile, tile_boxes, count);
    for (int64_t row = 0; row < rows; ++row) {
        const Corners<T> box = corners_of(boxes + 4 * row);
        T overlaps[tile_size];
        for (int64_t i = 0; i < tile_size; ++i) overlaps[i] = overlap(box, tile, i);
        std::memcpy(out + row * stride, overlaps, count * sizeof(T));
    }
}

CTORCH_CLONES void tile_overlaps(
    const float *boxes, int64_t rows, const float *tile_boxes, int64_t count, float *out, int64_t stride) {
    tile_overlaps_implementation<float>(boxes, rows, tile_boxes, count, out, stride);
}

CTORCH_CLONES void tile_overlaps(
    const double *boxes, int64_t rows, const double *tile_boxes, int64_t count, double *out, int64_t stride) {
    tile_overlaps_implementation<double>(boxes, rows, tile_boxes, count, out, stride);
}

/// Finds the best ground truth of each of a tile's anchors, and the best overlap of each ground truth with them.
template <typename T>
CTORCH_INLINE void match_tile_implementation(
    const T *ground_truth, int64_t truths, const T *anchors, int64_t count, T *best, int32_t *best_truth,
    T *best_of_truth) {
    Tile<T> tile;
    fill_tile(tile, anchors, count);
    T left = tile.x0[0], top = tile.y0[0], right = tile.x1[0], bottom = tile.y1[0];
    for (int64_t i = 1; i < count; ++i) {
        left = tile.x0[i] < left ? tile.x0[i] : left;
        top = tile.y0[i] < top ? tile.y0[i] : top;
        right = tile.x1[i] > right ? tile.x1[i] : right;
        bottom = tile.y1[i] > bottom ? tile.y1[i] : bottom;
    }
    T most[tile_size] = {};
    int32_t truth_of[tile_size] = {};
    for (int64_t g = 0; g < truths; ++g) {
        const Corners<T> box = corners_of(ground_truth + 4 * g);
        T most_of_truth = 0;
        if (box.x0 < right && box.x1 > left && box.y0 < bottom && box.y1 > top) {
            T overlaps[tile_size];
            for (int64_t i = 0; i < tile_size; ++i) overlaps[i] = overlap(box, tile, i);
            for (int64_t i = 0; i < tile_size; ++i) {
                const bool is_better = overlaps[i] > most[i];
                most[i] = is_better ? overlaps[i] : most[i];
                truth_of[i] = is_better ? static_cast<int32_t>(g) : truth_of[i];
            }
            for (int64_t i = 0; i < count; ++i)
                most_of_truth = overlaps[i] > most_of_truth ? overlaps[i] : most_of_truth;
        }
        best_of_truth[g] = most_of_truth;
    }
    std::memcpy(best, most, count * sizeof(T));
    std::memcpy(best_truth, truth_of, count * sizeof(int32_t));
}

CTORCH_CLONES void match_tile(
    const float *ground_truth, int64_t truths, const float *anchors, int64_t count, float *best, int32_t *best_truth,
    float *best_of_truth) {
    match_tile_implementation<float>(ground_truth, truths, anchors, count, best, best_truth, best_of_truth);
}

CTORCH_CLONES void match_tile(
    const double *ground_truth, int64_t truths, const double *anchors, int64_t count, double *best, int32_t *best_truth,
    double *best_of_truth) {
    match_tile_implementation<double>(ground_truth, truths, anchors, count, best, best_truth, best_of_truth);
}

/// torchvision's `Matcher` in tiles of 64 anchors: of the `[G, A]` overlaps only the maxima are kept.
template <typename T>
void match(
    const T *ground_truth, int64_t truths, const T *anchors, int64_t count, T high, T low, bool allow_low_quality,
    int64_t *matches) {
    const int64_t tiles = (count + tile_size - 1) / tile_size;
    std::vector<T> best_of_truth(tiles * truths);
    std::vector<int32_t> best_truth(count);
    constexpr int64_t tiles_per_task = 16;
    parallel_ranges(tiles, tiles_per_task, [&](int64_t begin, int64_t end) {
        for (int64_t tile = begin; tile < end; ++tile) {
            const int64_t first = tile * tile_size, some = std::min(tile_size, count - first);
            T best[tile_size];
            match_tile(
                ground_truth, truths, anchors + 4 * first, some, best, best_truth.data() + first,
                best_of_truth.data() + tile * truths);
            for (int64_t i = 0; i < some; ++i)
                matches[first + i] = best[i] < low ? -1 : best[i] < high ? -2 : best_truth[first + i];
        }
    });
    if (!allow_low_quality) return;
    std::vector<T> highest(truths, T(0));
    for (int64_t tile = 0; tile < tiles; ++tile) {
        for (int64_t g = 0; g < truths; ++g) highest[g] = std::max(highest[g], best_of_truth[tile * truths + g]);
    }
    // Every anchor that reaches some ground truth's highest overlap is matched, to its own best ground truth.
    parallel_ranges(tiles, tiles_per_task, [&](int64_t begin, int64_t end) {
        for (int64_t tile = begin; tile < end; ++tile) {
            const int64_t first = tile * tile_size, some = std::min(tile_size, count - first);
            for (int64_t g = 0; g < truths; ++g) {
                if (best_of_truth[tile * truths + g] != highest[g]) continue;
                T overlaps[tile_size];
                tile_overlaps(ground_truth + 4 * g, 1, anchors + 4 * first, some, overlaps, tile_size);
                for (int64_t i = 0; i < some; ++i) {
                    if (overlaps[i] == highest[g]) matches[first + i] = best_truth[first + i];
                }
            }
        }
    });
}

constexpr int64_t boxes_per_task = 4096;

}  // namespace

at::Tensor box_iou(const at::Tensor &a, const at::Tensor &b) {
    check_pair("box_iou", a, b);
    const at::Tensor rows = a.contiguous(), columns = b.contiguous();
    const int64_t n = rows.size(0), m = columns.size(0);
    const at::Tensor out = at::empty({n, m}, a.options());
    with_elements(out, [&]<typename T>(T *overlaps) {
        const T *row_boxes = elements<T>(rows), *column_boxes = elements<T>(columns);
        parallel_tasks((m + tile_size - 1) / tile_size, [&](int64_t tile) {
            const int64_t first = tile * tile_size;
            tile_overlaps(row_boxes, n, column_boxes + 4 * first, std::min(tile_size, m - first), overlaps + first, m);
        });
    });
    return out;
}

at::Tensor encode_boxes(const at::Tensor &reference, const at::Tensor &anchors, const std::array<double, 4> &weights) {
    check_pair("encode_boxes", reference, anchors);
    TORCH_CHECK(
        reference.size(0) == anchors.size(0), "encode_boxes: ", reference.size(0), " boxes for ", anchors.size(0),
        " anchors");
    const at::Tensor to = reference.contiguous(), from = anchors.contiguous();
    const int64_t count = from.size(0);
    const at::Tensor out = at::empty({count, 4}, anchors.options());
    at::Tensor sizes = at::empty({count, 2}, anchors.options());
    with_elements(out, [&]<typename T>(T *deltas) {
        const T *target = elements<T>(to), *anchor = elements<T>(from);
        T *ratio = sizes.mutable_data_ptr<T>();
        parallel_ranges(count, boxes_per_task, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                for (int axis = 0; axis < 2; ++axis) {
                    const T low = anchor[4 * i + axis], size = anchor[4 * i + axis + 2] - low;
                    const T target_low = target[4 * i + axis], target_size = target[4 * i + axis + 2] - target_low;
                    const T half = T(.5) * size, target_half = T(.5) * target_size;
                    const T distance = (target_low + target_half) - (low + half);
                    deltas[4 * i + axis] = static_cast<T>(weights[axis]) * distance / size;
                    ratio[2 * i + axis] = target_size / size;
                }
            }
        });
    });
    // By libtorch's logarithm, which is vectorised and gives the same bits as torchvision's.
    out.narrow(1, 2, 2).copy_(sizes.log_());
    if (weights[2] != 1) out.select(1, 2).mul_(weights[2]);
    if (weights[3] != 1) out.select(1, 3).mul_(weights[3]);
    return out;
}

at::Tensor decode_boxes(
    const at::Tensor &deltas, const at::Tensor &anchors, const std::array<double, 4> &weights, double size_limit) {
    check_boxes("decode_boxes", anchors);
    TORCH_CHECK(
        deltas.dim() == 2 && deltas.size(0) == anchors.size(0) && deltas.size(1) % 4 == 0,
        "decode_boxes: deltas must be [", anchors.size(0), ", 4k], got ", deltas.sizes());
    TORCH_CHECK(
        deltas.scalar_type() == anchors.scalar_type(), "decode_boxes: deltas of ", deltas.scalar_type(),
        " for anchors of ", anchors.scalar_type());
    const at::Tensor codes = deltas.contiguous(), from = anchors.contiguous();
    const int64_t count = codes.size(0), kinds = codes.size(1) / 4;
    const at::Tensor out = at::empty(codes.sizes(), codes.options());
    at::Tensor sizes = at::empty({count, kinds, 2}, codes.options());
    with_elements(out, [&]<typename T>(T *boxes) {
        const T *code = elements<T>(codes), *anchor = elements<T>(from);
        T *size = sizes.mutable_data_ptr<T>();
        const T limit = static_cast<T>(size_limit);
        const T weight[4] = {
            static_cast<T>(weights[0]), static_cast<T>(weights[1]), static_cast<T>(weights[2]),
            static_cast<T>(weights[3])};
        parallel_ranges(count * kinds, boxes_per_task, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                for (int axis = 0; axis < 2; ++axis) {
                    const T value = code[4 * i + 2 + axis] / weight[2 + axis];
                    size[2 * i + axis] = value > limit ? limit : value;
                }
            }
        });
        sizes.exp_();
        parallel_ranges(
            count, std::max<int64_t>(boxes_per_task / std::max<int64_t>(kinds, 1), 1), [&](int64_t begin, int64_t end) {
                for (int64_t n = begin; n < end; ++n) {
                    for (int axis = 0; axis < 2; ++axis) {
                        const T low = anchor[4 * n + axis], anchor_size = anchor[4 * n + axis + 2] - low;
                        const T half_anchor = T(.5) * anchor_size, center = low + half_anchor;
                        for (int64_t i = n * kinds; i < (n + 1) * kinds; ++i) {
                            const T shift = code[4 * i + axis] / weight[axis] * anchor_size;
                            const T moved = shift + center;
                            const T length = size[2 * i + axis] * anchor_size;
                            const T half = T(.5) * length;
                            boxes[4 * i + axis] = moved - half;
                            boxes[4 * i + axis + 2] = moved + half;
                        }
                    }
                }
            });
    });
    return out;
}

at::Tensor clip_boxes(const at::Tensor &boxes, double height, double width) {
    TORCH_CHECK(boxes.dim() >= 1 && boxes.size(-1) % 4 == 0, "clip_boxes: boxes must be [..., 4], got ", boxes.sizes());
    TORCH_CHECK(
        boxes.device().is_cpu() && (boxes.scalar_type() == at::kFloat || boxes.scalar_type() == at::kDouble),
        "clip_boxes: boxes must be float32 or float64 on the CPU");
    const at::Tensor from = boxes.contiguous();
    const at::Tensor out = at::empty(from.sizes(), from.options());
    with_elements(out, [&]<typename T>(T *clipped) {
        const T *edges = elements<T>(from);
        const T limits[2] = {static_cast<T>(width), static_cast<T>(height)};
        parallel_ranges(from.numel() / 2, 2 * boxes_per_task, [&](int64_t begin, int64_t end) {
            for (int64_t i = 2 * begin; i < 2 * end; ++i) {
                const T low = edges[i] < 0 ? T(0) : edges[i];
                clipped[i] = low > limits[i & 1] ? limits[i & 1] : low;
            }
        });
    });
    return out;
}

at::Tensor match_anchors(
    const at::Tensor &ground_truth, const at::Tensor &anchors, double high, double low, bool allow_low_quality) {
    check_pair("match_anchors", ground_truth, anchors);
    TORCH_CHECK(low <= high, "match_anchors: the low threshold ", low, " exceeds the high one, ", high);
    const at::Tensor truths = ground_truth.contiguous(), candidates = anchors.contiguous();
    if (truths.size(0) == 0) return at::full({candidates.size(0)}, -1, at::kLong);
    const at::Tensor matches = at::empty({candidates.size(0)}, at::kLong);
    const auto run = [&]<typename T>(const T *truth_boxes) {
        match<T>(
            truth_boxes, truths.size(0), elements<T>(candidates), candidates.size(0), static_cast<T>(high),
            static_cast<T>(low), allow_low_quality, matches.mutable_data_ptr<int64_t>());
    };
    if (truths.scalar_type() == at::kFloat) {
        run(elements<float>(truths));
    } else {
        run(elements<double>(truths));
    }
    return matches;
}

}  // namespace ctorch
