#include "detection/detection.hpp"
#include "detection/detection_roi.hpp"
#include "core/parallel.hpp"
#include "core/elements.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ctorch {
namespace {

/// The rows or columns of a bin: from `begin` up to `end`, which may be empty.
struct BinRange {
    int64_t begin, end;
};

/// The bins of one region along one axis of a map of `size` pixels (Fast R-CNN, section 2.1): corners rounded to pixels,
/// at least one pixel long, bins rounded outwards.
template <typename T>
void append_ranges(std::vector<BinRange> &ranges, T low, T high, T scale, int64_t bins, int64_t size) {
    // So far outside is outside of every map, and still fits an integer.
    const T far = T(1 << 30);
    const bool is_number = !std::isnan(low) && !std::isnan(high);
    const T first = is_number ? std::round(std::clamp(low * scale, -far, far)) : far;
    const T last = is_number ? std::round(std::clamp(high * scale, -far, far)) : far;
    const T bin = static_cast<T>(std::max<int64_t>(static_cast<int64_t>(last) - static_cast<int64_t>(first) + 1, 1)) /
        static_cast<T>(bins);
    for (int64_t p = 0; p < bins; ++p) {
        const int64_t begin = static_cast<int64_t>(std::floor(static_cast<T>(p) * bin)) + static_cast<int64_t>(first);
        const int64_t end = static_cast<int64_t>(std::ceil(static_cast<T>(p + 1) * bin)) + static_cast<int64_t>(first);
        ranges.push_back({std::clamp<int64_t>(begin, 0, size), std::clamp<int64_t>(end, 0, size)});
    }
}

template <typename T>
struct RegionRanges {
    std::vector<BinRange> rows, columns;
    int64_t height, width;

    RegionRanges(
        const at::Tensor &rois, double scale, int64_t height, int64_t width, int64_t map_height, int64_t map_width)
        : height(height), width(width) {
        const T *roi = elements<T>(rois);
        for (int64_t k = 0; k < rois.size(0); ++k, roi += 5) {
            append_ranges<T>(rows, roi[2], roi[4], static_cast<T>(scale), height, map_height);
            append_ranges<T>(columns, roi[1], roi[3], static_cast<T>(scale), width, map_width);
        }
    }
};

/// Finds the greatest value of every bin for `channel_block` channels, and the pixel that it comes from, -1 where the
/// bin is empty.
template <typename T>
CTORCH_INLINE void pool_region_implementation(
    const PixelView<const T> &pixels, const BinRange *rows, int64_t height, const BinRange *columns, int64_t width,
    T *bins, int32_t *sources) {
    constexpr T lowest = std::numeric_limits<T>::lowest();
    for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < width; ++x, bins += channel_block, sources += channel_block) {
            const bool is_empty = rows[y].begin >= rows[y].end || columns[x].begin >= columns[x].end;
            T best[channel_block];
            int32_t source[channel_block];
            for (int64_t c = 0; c < channel_block; ++c) {
                best[c] = is_empty ? T(0) : lowest;
                source[c] = -1;
            }
            for (int64_t row = rows[y].begin; row < rows[y].end; ++row) {
                for (int64_t column = columns[x].begin; column < columns[x].end; ++column) {
                    const int32_t index = static_cast<int32_t>(row * pixels.width + column);
                    const T *pixel = pixels.first + index * pixels.stride;
                    for (int64_t c = 0; c < channel_block; ++c) {
                        const bool is_greater = pixel[c] > best[c];
                        best[c] = is_greater ? pixel[c] : best[c];
                        source[c] = is_greater ? index : source[c];
                    }
                }
            }
            std::memcpy(bins, best, sizeof best);
            std::memcpy(sources, source, sizeof source);
        }
    }
}

CTORCH_CLONES void pool_region(
    const PixelView<const float> &pixels, const BinRange *rows, int64_t height, const BinRange *columns, int64_t width,
    float *bins, int32_t *sources) {
    pool_region_implementation<float>(pixels, rows, height, columns, width, bins, sources);
}

CTORCH_CLONES void pool_region(
    const PixelView<const double> &pixels, const BinRange *rows, int64_t height, const BinRange *columns, int64_t width,
    double *bins, int32_t *sources) {
    pool_region_implementation<double>(pixels, rows, height, columns, width, bins, sources);
}

/// Forward. A task pools all regions of one image for 16 channels, which it first gathers into a map of their own.
template <typename T>
void pool(
    const at::Tensor &features, const RegionRanges<T> &ranges, const std::vector<RegionGroup> &groups, T *output,
    int32_t *sources) {
    const int64_t channels = features.size(1), count = features.size(2) * features.size(3);
    const int64_t bins = ranges.height * ranges.width;
    const int64_t blocks = (channels + channel_block - 1) / channel_block;
    const bool channels_last = !features.is_contiguous();
    const T *values = elements<T>(features);
    parallel_tasks(static_cast<int64_t>(groups.size()) * blocks, [&](int64_t task) {
        const RegionGroup &group = groups[task / blocks];
        if (group.regions.empty()) return;
        const int64_t first = task % blocks * channel_block, some = std::min(channel_block, channels - first);
        std::vector<T> scratch(count * channel_block);
        std::vector<T> tile(bins * channel_block);
        std::vector<int32_t> tile_sources(bins * channel_block);
        const T *image = values + group.image * channels * count;
        if (channels_last) {
            for (int64_t pixel = 0; pixel < count; ++pixel)
                std::copy_n(image + pixel * channels + first, some, scratch.data() + pixel * channel_block);
        } else {
            gather_planes<T>(image + first * count, some, count, scratch.data());
        }
        const PixelView<const T> pixels{scratch.data(), features.size(3), channel_block, channel_block};
        for (const int64_t region : group.regions) {
            pool_region(
                pixels, &ranges.rows[region * ranges.height], ranges.height, &ranges.columns[region * ranges.width],
                ranges.width, tile.data(), tile_sources.data());
            const int64_t start = (region * channels + first) * bins;
            for (int64_t c = 0; c < some; ++c) {
                for (int64_t bin = 0; bin < bins; ++bin) {
                    output[start + c * bins + bin] = tile[bin * channel_block + c];
                    sources[start + c * bins + bin] = tile_sources[bin * channel_block + c];
                }
            }
        }
    });
}

/// Backward. A task owns one channel of one image and adds its regions in order.
template <typename T>
void pool_backward(
    const T *gradient, const int32_t *sources, const std::vector<RegionGroup> &groups, int64_t channels, int64_t count,
    int64_t bins, T *grad_features) {
    parallel_tasks(static_cast<int64_t>(groups.size()) * channels, [&](int64_t task) {
        const RegionGroup &group = groups[task / channels];
        const int64_t channel = task % channels;
        T *plane = grad_features + (group.image * channels + channel) * count;
        for (const int64_t region : group.regions) {
            const int64_t start = (region * channels + channel) * bins;
            for (int64_t bin = start; bin < start + bins; ++bin) {
                if (sources[bin] >= 0) plane[sources[bin]] += gradient[bin];
            }
        }
    });
}

class RoIPoolFunction : public torch::autograd::Function<RoIPoolFunction> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &input, const at::Tensor &rois,
        int64_t output_height, int64_t output_width, double scale) {
        const auto format = input.suggest_memory_format();
        const at::Tensor features = input.contiguous(format);
        const at::Tensor output =
            at::empty({rois.size(0), input.size(1), output_height, output_width}, input.options());
        const at::Tensor sources = at::empty(output.sizes(), at::kInt);
        const auto groups = group_regions(rois, {}, 1, input.size(0));
        const auto run = [&]<typename T>(T *values) {
            const RegionRanges<T> ranges(rois, scale, output_height, output_width, input.size(2), input.size(3));
            pool<T>(features, ranges, groups, values, sources.mutable_data_ptr<int32_t>());
        };
        if (output.scalar_type() == at::kFloat) {
            run(output.mutable_data_ptr<float>());
        } else {
            run(output.mutable_data_ptr<double>());
        }
        context->save_for_backward({rois, sources});
        context->saved_data["shape"] = input.sizes().vec();
        context->saved_data["channels_last"] = format == at::MemoryFormat::ChannelsLast;
        return output.contiguous(format);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "roi_pool has no second derivative");
        const auto variables = context->get_saved_variables();
        const at::Tensor &rois = variables[0], &sources = variables[1];
        const std::vector<int64_t> shape = context->saved_data["shape"].toIntVector();
        const at::Tensor gradient = gradients[0].contiguous();
        at::Tensor grad_features = at::zeros(shape, gradient.options());
        const auto groups = group_regions(rois, {}, 1, shape[0]);
        const int64_t count = shape[2] * shape[3], bins = gradient.size(2) * gradient.size(3);
        const int32_t *source = elements<int32_t>(sources);
        if (gradient.scalar_type() == at::kFloat) {
            pool_backward(
                elements<float>(gradient), source, groups, shape[1], count, bins,
                grad_features.mutable_data_ptr<float>());
        } else {
            pool_backward(
                elements<double>(gradient), source, groups, shape[1], count, bins,
                grad_features.mutable_data_ptr<double>());
        }
        if (context->saved_data["channels_last"].toBool())
            grad_features = grad_features.contiguous(at::MemoryFormat::ChannelsLast);
        return {grad_features, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

at::Tensor roi_pool(
    const at::Tensor &features, const at::Tensor &rois, int64_t output_height, int64_t output_width, double scale) {
    check_regions("roi_pool", features, rois);
    TORCH_CHECK(
        output_height > 0 && output_width > 0, "roi_pool: the output must have bins, got ", output_height, " x ",
        output_width);
    TORCH_CHECK(
        features.size(2) * features.size(3) <= std::numeric_limits<int32_t>::max(), "roi_pool: too many pixels");
    return RoIPoolFunction::apply(features, rois.detach().contiguous(), output_height, output_width, scale);
}

}  // namespace ctorch
