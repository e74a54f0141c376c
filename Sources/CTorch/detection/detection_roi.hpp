#pragma once

#include "core/simd.hpp"

#include <ATen/core/Tensor.h>

#include <vector>

#pragma GCC visibility push(hidden)

// What RoIAlign and RoIPool share: where regions lie and how feature maps are walked pixel by pixel.
namespace ctorch {

/// Throws unless `rois` is `[K, 5]` on the CPU in the type of `features` and every image index is in the batch.
void check_regions(const char *operation, const at::Tensor &features, const at::Tensor &rois);

/// Regions that sample the same image of the same level, in their order.
struct RegionGroup {
    int64_t level;
    int64_t image;
    std::vector<int64_t> regions;
};

/// The groups of every level and image, also those without regions. `rois` must be contiguous.
std::vector<RegionGroup> group_regions(
    const at::Tensor &rois, const at::Tensor &level_of, int64_t levels, int64_t images);

/// Channels that are worked on at once: one cache line of float32.
constexpr int64_t channel_block = 16;

/// Pixels of some channels of one image: channel c of pixel (y, x) is at `first[(y * width + x) * stride + c]`.
template <typename T>
struct PixelView {
    T *first;
    int64_t width;
    int64_t stride;
    int64_t channels;
};

/// Copies `channels` planes of `count` pixels to pixels of `channel_block` channels, with zeros for the missing ones.
template <typename T>
void gather_planes(const T *planes, int64_t channels, int64_t count, T *pixels);

/// Copies pixels of `channel_block` channels back to planes: the inverse of `gather_planes`.
template <typename T>
void scatter_planes(const T *pixels, int64_t channels, int64_t count, T *planes);

/// Makes `channels` rows of `count` numbers from `count` rows that lie `stride` apart: takes the bins of a region to or
/// from its planes.
template <typename T>
void transpose_into(const T *from, int64_t from_stride, int64_t rows, int64_t columns, T *into, int64_t into_stride);

}  // namespace ctorch

#pragma GCC visibility pop
