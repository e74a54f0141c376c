#include "detection/detection_nms_blocks.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "core/parallel.hpp"
#include "core/simd.hpp"

// A fused multiply-add would round differently from torchvision, and a threshold would now and then decide differently.
#pragma clang fp contract(off)

namespace ctorch {
namespace {

constexpr int64_t tile_size = 64;
constexpr int64_t block_size = 256;
/// Fewest boxes for which gathering near ones into the same tile saves more than it costs.
constexpr int64_t spatial_order_minimum = 1024;

/// Boxes with their coordinates in columns, filled up to whole tiles with empty boxes.
template <typename T>
struct Columns {
    std::vector<T> x0, y0, x1, y1, area;

    explicit Columns(int64_t count) : x0(count), y0(count), x1(count), y1(count), area(count) {}

    void set(int64_t i, const Corners<T> &box) {
        x0[i] = box.x0;
        y0[i] = box.y0;
        x1[i] = box.x1;
        y1[i] = box.y1;
        area[i] = box.area;
    }
};

template <typename T>
struct ColumnPointers {
    const T *x0, *y0, *x1, *y1, *area;
};

template <typename T>
ColumnPointers<T> pointers(const Columns<T> &columns) {
    return {columns.x0.data(), columns.y0.data(), columns.x1.data(), columns.y1.data(), columns.area.data()};
}

template <typename T>
CTORCH_INLINE ColumnPointers<T> advanced(const ColumnPointers<T> &by, int64_t count) {
    return {by.x0 + count, by.y0 + count, by.x1 + count, by.y1 + count, by.area + count};
}

/// The overlap above which one box suppresses another, and slightly smaller bounds that are cheap to test.
template <typename T>
struct Threshold {
    double exact;
    T nearly;    ///< just below `exact`: intersection >= nearly * union holds wherever the quotient exceeds `exact`
    T of_areas;  ///< intersection >= ofAreas * (area + area) is the same bound without the union

    explicit Threshold(double threshold) : exact(threshold) {
        const double epsilon = std::numeric_limits<T>::epsilon();
        nearly = static_cast<T>(threshold * (1 - 16 * epsilon));
        of_areas = static_cast<T>(threshold / (1 + threshold) * (1 - 64 * epsilon));
    }
};

template <typename T>
CTORCH_INLINE T larger(T a, T b) {
    return a < b ? b : a;
}

template <typename T>
CTORCH_INLINE T smaller(T a, T b) {
    return b < a ? b : a;
}

/// Whether one box suppresses another, by torchvision's arithmetic, operation by operation.
template <typename T>
CTORCH_INLINE bool suppresses(const Corners<T> &a, const Corners<T> &b, double threshold) {
    const T width = larger(T(0), smaller(a.x1, b.x1) - larger(a.x0, b.x0));
    const T height = larger(T(0), smaller(a.y1, b.y1) - larger(a.y0, b.y0));
    const T intersection = width * height;
    const T overlap = intersection / (a.area + b.area - intersection);
    return overlap > threshold;
}

/// The areas of `Vector<T>::count` boxes, and of the parts of them within the edges.
template <typename T>
CTORCH_INLINE void areas_within(
    const ColumnPointers<T> &boxes, T left, T top, T right, T bottom, Lanes<T> &areas, Lanes<T> &within) {
    const Lanes<T> zero = T(0);
    Lanes<T> x0, y0, x1, y1;
    load<T>(x0, boxes.x0);
    load<T>(y0, boxes.y0);
    load<T>(x1, boxes.x1);
    load<T>(y1, boxes.y1);
    load<T>(areas, boxes.area);
    const Lanes<T> from_x = x0 > left ? x0 : Lanes<T>(left);
    const Lanes<T> from_y = y0 > top ? y0 : Lanes<T>(top);
    const Lanes<T> to_x = x1 < right ? x1 : Lanes<T>(right);
    const Lanes<T> to_y = y1 < bottom ? y1 : Lanes<T>(bottom);
    const Lanes<T> across = to_x - from_x, down = to_y - from_y;
    const Lanes<T> width = across > zero ? across : zero;
    const Lanes<T> height = down > zero ? down : zero;
    within = width * height;
}

/// A bit for each of the tile's 64 boxes that `box` may suppress.
template <typename T>
CTORCH_INLINE uint64_t candidates_in_tile(const ColumnPointers<T> &tile, const Corners<T> &box, T nearly) {
    constexpr int64_t lanes = Vector<T>::count;
    const Lanes<T> zero = T(0);
    uint64_t bits = 0;
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < tile_size; i += lanes) {
        Lanes<T> area, intersection;
        areas_within<T>(advanced(tile, i), box.x0, box.y0, box.x1, box.y1, area, intersection);
        const Lanes<T> rest = area + box.area - intersection;
        const auto mask =
            __builtin_convertvector((intersection >= rest * nearly) & (intersection > zero), typename Vector<T>::Mask);
        bits |= static_cast<uint64_t>(__builtin_bit_cast(typename Vector<T>::Bits, mask)) << i;
    }
    return bits;
}

/// What all boxes of a tile have in common: none reaches outside these edges or has a smaller area.
template <typename T>
struct TileBounds {
    T left, top, right, bottom, least_area;
};

/// A bit for each of the `Vector<T>::count` boxes at `kept` that may suppress something in a tile of these bounds.
template <typename T>
CTORCH_INLINE typename Vector<T>::Bits reaches_tile(
    const ColumnPointers<T> &kept, const TileBounds<T> &tile, T of_areas) {
    const Lanes<T> zero = T(0);
    Lanes<T> area, most;
    areas_within<T>(kept, tile.left, tile.top, tile.right, tile.bottom, area, most);
    const auto mask = __builtin_convertvector(
        (most >= (area + tile.least_area) * of_areas) & (most > zero), typename Vector<T>::Mask);
    return __builtin_bit_cast(typename Vector<T>::Bits, mask);
}

template <typename T>
CTORCH_INLINE Corners<T> corners_at(const ColumnPointers<T> &columns, int64_t i) {
    return {columns.x0[i], columns.y0[i], columns.x1[i], columns.y1[i], columns.area[i]};
}

template <typename T>
CTORCH_INLINE uint64_t suppressed_in_tile(
    const ColumnPointers<T> &tile, const Corners<T> &box, uint64_t alive, const Threshold<T> &threshold) {
    uint64_t suppressed = 0;
    uint64_t candidates = candidates_in_tile(tile, box, threshold.nearly) & alive;
    for (; candidates != 0; candidates &= candidates - 1) {
        const int i = __builtin_ctzll(candidates);
        if (suppresses(box, corners_at(tile, i), threshold.exact)) suppressed |= uint64_t(1) << i;
    }
    return suppressed;
}

/// The boxes of a tile that are still alive after all of `kept` have been applied.
template <typename T>
CTORCH_INLINE uint64_t alive_after_implementation(
    const ColumnPointers<T> &tile, const TileBounds<T> &bounds, uint64_t alive, const ColumnPointers<T> &kept,
    int64_t kept_count, const Threshold<T> &threshold) {
    constexpr int64_t lanes = Vector<T>::count;
    for (int64_t first = 0; first < kept_count && alive != 0; first += lanes) {
        const ColumnPointers<T> some = advanced(kept, first);
        uint32_t reaching = reaches_tile<T>(some, bounds, threshold.of_areas);
        for (; reaching != 0 && alive != 0; reaching &= reaching - 1)
            alive &= ~suppressed_in_tile<T>(tile, corners_at(some, __builtin_ctz(reaching)), alive, threshold);
    }
    return alive;
}

/// Decides the boxes of one block among themselves: gives those of `alive` that stay.
template <typename T>
CTORCH_INLINE void decide_block_implementation(
    const ColumnPointers<T> &block, int64_t count, uint64_t *alive, const Threshold<T> &threshold) {
    const int64_t tiles = (count + tile_size - 1) / tile_size;
    for (int64_t i = 0; i < count; ++i) {
        const int64_t own = i / tile_size;
        if ((alive[own] >> (i % tile_size) & 1) == 0) continue;
        const Corners<T> box = corners_at(block, i);
        const uint64_t later = i % tile_size == tile_size - 1 ? 0 : ~uint64_t(0) << (i % tile_size + 1);
        for (int64_t tile = own; tile < tiles; ++tile) {
            const uint64_t open = tile == own ? alive[tile] & later : alive[tile];
            if (open == 0) continue;
            alive[tile] &= ~suppressed_in_tile<T>(advanced(block, tile * tile_size), box, open, threshold);
        }
    }
}

CTORCH_CLONES uint64_t alive_after(
    const ColumnPointers<float> &tile, const TileBounds<float> &bounds, uint64_t alive,
    const ColumnPointers<float> &kept, int64_t kept_count, const Threshold<float> &threshold) {
    return alive_after_implementation<float>(tile, bounds, alive, kept, kept_count, threshold);
}

CTORCH_CLONES uint64_t alive_after(
    const ColumnPointers<double> &tile, const TileBounds<double> &bounds, uint64_t alive,
    const ColumnPointers<double> &kept, int64_t kept_count, const Threshold<double> &threshold) {
    return alive_after_implementation<double>(tile, bounds, alive, kept, kept_count, threshold);
}

CTORCH_CLONES void decide_block(
    const ColumnPointers<float> &block, int64_t count, uint64_t *alive, const Threshold<float> &threshold) {
    decide_block_implementation<float>(block, count, alive, threshold);
}

CTORCH_CLONES void decide_block(
    const ColumnPointers<double> &block, int64_t count, uint64_t *alive, const Threshold<double> &threshold) {
    decide_block_implementation<double>(block, count, alive, threshold);
}

template <typename T>
struct RankedBox {
    std::array<T, 4> edges;
    int32_t rank;
};

/// Orders boxes so that every 64 of them are alike in all four edges: halves them, in whole tiles, along the edge that
/// varies most, again and again.
template <typename T>
void order_spatially(std::span<RankedBox<T>> boxes) {
    const int64_t count = static_cast<int64_t>(boxes.size());
    if (count <= tile_size) return;
    std::array<T, 4> least = boxes[0].edges, most = boxes[0].edges;
    for (const auto &box : boxes) {
        for (int edge = 0; edge < 4; ++edge) {
            least[edge] = smaller(least[edge], box.edges[edge]);
            most[edge] = larger(most[edge], box.edges[edge]);
        }
    }
    int widest = 0;
    for (int edge = 1; edge < 4; ++edge) {
        if (most[edge] - least[edge] > most[widest] - least[widest]) widest = edge;
    }
    const int64_t middle = (count / 2 + tile_size - 1) / tile_size * tile_size;
    std::nth_element(boxes.begin(), boxes.begin() + middle, boxes.end(), [widest](const auto &a, const auto &b) {
        return a.edges[widest] < b.edges[widest];
    });
    order_spatially(boxes.first(middle));
    order_spatially(boxes.subspan(middle));
}

}  // namespace

template <typename T>
void suppress(std::span<const Corners<T>> boxes, double iou_threshold, uint8_t *keep) {
    const Threshold<T> threshold(iou_threshold);
    const int64_t count = static_cast<int64_t>(boxes.size());
    std::vector<RankedBox<T>> ranked;
    ranked.reserve(count);
    for (int64_t rank = 0; rank < count; ++rank) {
        const auto &box = boxes[rank];
        // A box whose area is zero, infinite or NaN overlaps none by more than a threshold of 0 or above.
        const bool can_overlap =
            box.x0 < box.x1 && box.y0 < box.y1 && box.area > 0 && box.area < std::numeric_limits<T>::infinity();
        keep[rank] = can_overlap ? 0 : 1;
        if (can_overlap) ranked.push_back({{box.x0, box.y0, box.x1, box.y1}, static_cast<int32_t>(rank)});
    }
    const int64_t active = static_cast<int64_t>(ranked.size());
    if (active == 0) return;
    std::vector<int32_t> ranks(active);
    for (int64_t i = 0; i < active; ++i) ranks[i] = ranked[i].rank;
    if (active >= spatial_order_minimum) order_spatially<T>(ranked);

    const int64_t tiles = (active + tile_size - 1) / tile_size;
    Columns<T> columns(tiles * tile_size);
    std::vector<TileBounds<T>> bounds(tiles);
    std::vector<uint64_t> alive(tiles, 0);
    std::vector<int32_t> place_of_rank(count);
    for (int64_t tile = 0; tile < tiles; ++tile) {
        TileBounds<T> all{};
        for (int64_t i = tile * tile_size; i < std::min(active, (tile + 1) * tile_size); ++i) {
            const auto &box = boxes[ranked[i].rank];
            columns.set(i, box);
            place_of_rank[ranked[i].rank] = static_cast<int32_t>(i);
            alive[tile] |= uint64_t(1) << (i % tile_size);
            all = i % tile_size == 0
                ? TileBounds<T>{box.x0, box.y0, box.x1, box.y1, box.area}
                : TileBounds<T>{
                      smaller(all.left, box.x0), smaller(all.top, box.y0), larger(all.right, box.x1),
                      larger(all.bottom, box.y1), smaller(all.least_area, box.area)};
        }
        bounds[tile] = all;
    }

    Columns<T> block(block_size);
    Columns<T> kept(block_size);
    std::array<int32_t, block_size> block_ranks;
    int64_t next = 0;
    while (next < active) {
        int64_t in_block = 0;
        for (; next < active && in_block < block_size; ++next) {
            const int32_t place = place_of_rank[ranks[next]];
            uint64_t &tile = alive[place / tile_size];
            const uint64_t bit = uint64_t(1) << (place % tile_size);
            if ((tile & bit) == 0) continue;
            tile &= ~bit;
            block_ranks[in_block] = ranks[next];
            block.set(in_block, boxes[ranks[next]]);
            ++in_block;
        }
        if (in_block == 0) break;
        std::array<uint64_t, block_size / tile_size> stays{};
        for (int64_t i = 0; i < in_block; ++i) stays[i / tile_size] |= uint64_t(1) << (i % tile_size);
        decide_block(pointers(block), in_block, stays.data(), threshold);
        int64_t kept_count = 0;
        for (int64_t i = 0; i < in_block; ++i) {
            if ((stays[i / tile_size] >> (i % tile_size) & 1) == 0) continue;
            keep[block_ranks[i]] = 1;
            kept.set(kept_count++, boxes[block_ranks[i]]);
        }
        if (next == active) break;
        while (kept_count % Vector<T>::count != 0) kept.set(kept_count++, {});
        const auto apply_to = [&](int64_t first, int64_t last) {
            for (int64_t tile = first; tile < last; ++tile) {
                if (alive[tile] == 0) continue;
                alive[tile] = alive_after(
                    advanced(pointers(columns), tile * tile_size), bounds[tile], alive[tile], pointers(kept),
                    kept_count, threshold);
            }
        };
        // A block's work on fewer boxes than this takes less time than waking a thread.
        constexpr int64_t tiles_per_task = 1024;
        parallel_ranges(tiles, tiles_per_task, apply_to);
    }
}

template void suppress<float>(std::span<const Corners<float>>, double, uint8_t *);
template void suppress<double>(std::span<const Corners<double>>, double, uint8_t *);

}  // namespace ctorch
