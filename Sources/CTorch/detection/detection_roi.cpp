#include "detection/detection_roi.hpp"
#include "core/elements.hpp"

#include <ATen/core/Tensor.h>

namespace ctorch {

void check_regions(const char *operation, const at::Tensor &features, const at::Tensor &rois) {
    TORCH_CHECK(features.dim() == 4, operation, ": features must be [N, C, H, W], got ", features.sizes());
    TORCH_CHECK(rois.dim() == 2 && rois.size(1) == 5, operation, ": rois must be [K, 5], got ", rois.sizes());
    TORCH_CHECK(
        features.device().is_cpu() && rois.device().is_cpu(), operation, ": features and rois must be on the CPU");
    TORCH_CHECK(
        features.scalar_type() == at::kFloat || features.scalar_type() == at::kDouble, operation,
        ": features must be float32 or float64, got ", features.scalar_type());
    TORCH_CHECK(
        rois.scalar_type() == features.scalar_type(), operation, ": rois are ", rois.scalar_type(), ", features ",
        features.scalar_type());
    TORCH_CHECK(
        features.size(2) > 0 && features.size(3) > 0 && features.size(0) > 0, operation,
        ": features have no pixels: ", features.sizes());
    const at::Tensor images = rois.select(1, 0);
    TORCH_CHECK(
        rois.size(0) == 0 || (images.ge(0).all().item<bool>() && images.lt(features.size(0)).all().item<bool>()),
        operation, ": an image index in rois is outside the batch of ", features.size(0));
}

std::vector<RegionGroup> group_regions(
    const at::Tensor &rois, const at::Tensor &level_of, int64_t levels, int64_t images) {
    std::vector<RegionGroup> groups(levels * images);
    for (int64_t level = 0; level < levels; ++level) {
        for (int64_t image = 0; image < images; ++image) groups[level * images + image] = {level, image, {}};
    }
    const at::Tensor image = rois.select(1, 0).to(at::kLong).contiguous();
    const int64_t *image_of = elements<int64_t>(image);
    const int64_t *levels_of = level_of.defined() ? elements<int64_t>(level_of) : nullptr;
    for (int64_t k = 0; k < rois.size(0); ++k)
        groups[(levels_of != nullptr ? levels_of[k] : 0) * images + image_of[k]].regions.push_back(k);
    return groups;
}

namespace {

// Eight by eight at a time, so that both sides are read and written in whole lines of the cache.
template <typename T>
CTORCH_INLINE void transpose_implementation(
    const T *from, int64_t from_stride, int64_t rows, int64_t columns, T *into, int64_t into_stride) {
    constexpr int64_t side = 8;
    for (int64_t row = 0; row < rows; row += side) {
        const int64_t height = rows - row < side ? rows - row : side;
        for (int64_t column = 0; column < columns; column += side) {
            const int64_t width = columns - column < side ? columns - column : side;
            const T *source = from + row * from_stride + column;
            T *target = into + column * into_stride + row;
            if (height == side && width == side) {
                T square[side][side];
                for (int64_t i = 0; i < side; ++i) std::memcpy(square[i], source + i * from_stride, sizeof square[i]);
                for (int64_t j = 0; j < side; ++j) {
                    T line[side];
                    for (int64_t i = 0; i < side; ++i) line[i] = square[i][j];
                    std::memcpy(target + j * into_stride, line, sizeof line);
                }
            } else {
                for (int64_t j = 0; j < width; ++j) {
                    for (int64_t i = 0; i < height; ++i) target[j * into_stride + i] = source[i * from_stride + j];
                }
            }
        }
    }
}

CTORCH_CLONES void transpose(
    const float *from, int64_t from_stride, int64_t rows, int64_t columns, float *into, int64_t into_stride) {
    transpose_implementation<float>(from, from_stride, rows, columns, into, into_stride);
}

CTORCH_CLONES void transpose(
    const double *from, int64_t from_stride, int64_t rows, int64_t columns, double *into, int64_t into_stride) {
    transpose_implementation<double>(from, from_stride, rows, columns, into, into_stride);
}

}  // namespace

template <typename T>
void transpose_into(const T *from, int64_t from_stride, int64_t rows, int64_t columns, T *into, int64_t into_stride) {
    transpose(from, from_stride, rows, columns, into, into_stride);
}

template <typename T>
void gather_planes(const T *planes, int64_t channels, int64_t count, T *pixels) {
    if (channels < channel_block) std::fill_n(pixels, count * channel_block, T(0));
    transpose(planes, count, channels, count, pixels, channel_block);
}

template <typename T>
void scatter_planes(const T *pixels, int64_t channels, int64_t count, T *planes) {
    transpose(pixels, channel_block, count, channels, planes, count);
}

template void transpose_into(const float *, int64_t, int64_t, int64_t, float *, int64_t);
template void transpose_into(const double *, int64_t, int64_t, int64_t, double *, int64_t);
template void gather_planes(const float *, int64_t, int64_t, float *);
template void gather_planes(const double *, int64_t, int64_t, double *);
template void scatter_planes(const float *, int64_t, int64_t, float *);
template void scatter_planes(const double *, int64_t, int64_t, double *);

}  // namespace ctorch
