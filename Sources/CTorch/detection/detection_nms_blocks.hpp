// Non-maximum suppression of boxes that are ranked already.
#pragma once

#include <cstdint>
#include <span>

#pragma GCC visibility push(hidden)

namespace ctorch {

template <typename T>
struct Corners {
    T x0, y0, x1, y1, area;
};

/// Non-maximum suppression of boxes that are given by descending score: sets `keep[rank]` of those that stay.
///
/// Blocks of 256 ranks are decided among themselves; what stays is then applied to all later boxes at once. Those lie in
/// tiles of 64 near boxes, and most tiles are out of reach of most kept boxes. Every decision is made by the same
/// arithmetic as torchvision's, after a cheaper bound has ruled most pairs out, so the result is equal in every bit.
template <typename T>
void suppress(std::span<const Corners<T>> boxes, double iou_threshold, uint8_t *keep);

extern template void suppress<float>(std::span<const Corners<float>>, double, uint8_t *);
extern template void suppress<double>(std::span<const Corners<double>>, double, uint8_t *);

}  // namespace ctorch

#pragma GCC visibility pop
