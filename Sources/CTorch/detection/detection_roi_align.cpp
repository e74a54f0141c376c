#include "detection/detection.hpp"
#include "detection/detection_roi.hpp"
#include "detection/detection_roi_taps.hpp"
#include "core/parallel.hpp"
#include "core/elements.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace ctorch {
namespace {

template <typename T, int64_t registers>
CTORCH_INLINE void gather_bin(
    const PixelView<const T> &pixels, int64_t channel, const BinTaps<T> &rows, const BinTaps<T> &columns, T *bin) {
    constexpr int64_t lanes = Vector<T>::count;
    Lanes<T> sum[registers] = {};
    for (const Tap<T> &row : rows) {
        const T *line = pixels.first + row.index * pixels.width * pixels.stride + channel;
        Lanes<T> row_sum[registers] = {};
        for (const Tap<T> &column : columns) {
            const T *pixel = line + column.index * pixels.stride;
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < registers; ++i) {
                Lanes<T> value;
                load<T>(value, pixel + i * lanes);
                row_sum[i] += value * column.weight;
            }
        }
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < registers; ++i) sum[i] += row_sum[i] * row.weight;
    }
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < registers; ++i) store<T>(bin + channel + i * lanes, sum[i]);
}

/// Computes all bins of one region; bin b's channels go to `bins[b * bin_stride]`.
template <typename T>
CTORCH_INLINE void gather_region_implementation(
    const PixelView<const T> &pixels, const RegionTaps<T> &taps, int64_t region, T *bins, int64_t bin_stride) {
    constexpr int64_t lanes = Vector<T>::count;
    for (int64_t y = 0; y < taps.rows.bins; ++y) {
        for (int64_t x = 0; x < taps.columns.bins; ++x, bins += bin_stride) {
            const auto rows = taps.rows.of(region, y), columns = taps.columns.of(region, x);
            int64_t channel = 0;
            for (; channel + 4 * lanes <= pixels.channels; channel += 4 * lanes)
                gather_bin<T, 4>(pixels, channel, rows, columns, bins);
            for (; channel + lanes <= pixels.channels; channel += lanes)
                gather_bin<T, 1>(pixels, channel, rows, columns, bins);
            for (; channel < pixels.channels; ++channel) {
                T sum = 0;
                for (const Tap<T> &row : rows) {
                    const T *line = pixels.first + row.index * pixels.width * pixels.stride + channel;
                    T row_sum = 0;
                    for (const Tap<T> &column : columns) row_sum += line[column.index * pixels.stride] * column.weight;
                    sum += row_sum * row.weight;
                }
                bins[channel] = sum;
            }
        }
    }
}

template <typename T, int64_t registers>
CTORCH_INLINE void scatter_bin(
    const PixelView<T> &pixels, int64_t channel, const BinTaps<T> &rows, const BinTaps<T> &columns, const T *bin) {
    constexpr int64_t lanes = Vector<T>::count;
    Lanes<T> gradient[registers];
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < registers; ++i) load<T>(gradient[i], bin + channel + i * lanes);
    for (const Tap<T> &row : rows) {
        T *line = pixels.first + row.index * pixels.width * pixels.stride + channel;
        Lanes<T> share[registers];
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < registers; ++i) share[i] = gradient[i] * row.weight;
        for (const Tap<T> &column : columns) {
            T *pixel = line + column.index * pixels.stride;
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < registers; ++i) {
                Lanes<T> value;
                load<T>(value, pixel + i * lanes);
                value += share[i] * column.weight;
                store<T>(pixel + i * lanes, value);
            }
        }
    }
}

/// Adds the gradient of every bin of a region to the pixels that it was read from: the transpose of `gather_region`.
template <typename T>
CTORCH_INLINE void scatter_region_implementation(
    const PixelView<T> &pixels, const RegionTaps<T> &taps, int64_t region, const T *bins, int64_t bin_stride) {
    constexpr int64_t lanes = Vector<T>::count;
    for (int64_t y = 0; y < taps.rows.bins; ++y) {
        for (int64_t x = 0; x < taps.columns.bins; ++x, bins += bin_stride) {
            const auto rows = taps.rows.of(region, y), columns = taps.columns.of(region, x);
            int64_t channel = 0;
            for (; channel + 4 * lanes <= pixels.channels; channel += 4 * lanes)
                scatter_bin<T, 4>(pixels, channel, rows, columns, bins);
            for (; channel + lanes <= pixels.channels; channel += lanes)
                scatter_bin<T, 1>(pixels, channel, rows, columns, bins);
            for (; channel < pixels.channels; ++channel) {
                for (const Tap<T> &row : rows) {
                    T *line = pixels.first + row.index * pixels.width * pixels.stride + channel;
                    const T share = bins[channel] * row.weight;
                    for (const Tap<T> &column : columns) line[column.index * pixels.stride] += share * column.weight;
                }
            }
        }
    }
}

CTORCH_CLONES void gather_region(
    const PixelView<const float> &pixels, const RegionTaps<float> &taps, int64_t region, float *bins, int64_t stride) {
    gather_region_implementation<float>(pixels, taps, region, bins, stride);
}

CTORCH_CLONES void gather_region(
    const PixelView<const double> &pixels, const RegionTaps<double> &taps, int64_t region, double *bins,
    int64_t stride) {
    gather_region_implementation<double>(pixels, taps, region, bins, stride);
}

CTORCH_CLONES void scatter_region(
    const PixelView<float> &pixels, const RegionTaps<float> &taps, int64_t region, const float *bins, int64_t stride) {
    scatter_region_implementation<float>(pixels, taps, region, bins, stride);
}

CTORCH_CLONES void scatter_region(
    const PixelView<double> &pixels, const RegionTaps<double> &taps, int64_t region, const double *bins,
    int64_t stride) {
    scatter_region_implementation<double>(pixels, taps, region, bins, stride);
}

/// What forward and backward share of one call.
template <typename T>
struct RoIAlignPlan {
    RegionTapsStorage<T> storage;
    RegionTaps<T> taps;
    std::vector<RegionGroup> groups;
    std::vector<std::array<int64_t, 2>> sizes;
    int64_t images, channels, bins;

    RoIAlignPlan(
        const std::vector<std::array<int64_t, 2>> &sizes, int64_t images, int64_t channels,
        const std::vector<double> &scales, const at::Tensor &rois, const at::Tensor &level_of,
        const RoIAlignOptions &options)
        : storage(taps_of<T>(sizes, scales, rois, level_of.defined() ? elements<int64_t>(level_of) : nullptr, options)),
          taps(storage.view()),
          groups(group_regions(rois, level_of, static_cast<int64_t>(sizes.size()), images)),
          sizes(sizes),
          images(images),
          channels(channels),
          bins(options.output_height * options.output_width) {}

    int64_t pixels_of(const RegionGroup &group) const { return sizes[group.level][0] * sizes[group.level][1]; }
};

/// Forward on channels-last levels: a pixel's channels lie together, so each region reads them in place.
template <typename T>
void forward_channels_last(
    const RoIAlignPlan<T> &plan, const std::vector<at::Tensor> &levels, bool channels_last_output, T *output) {
    const int64_t channels = plan.channels, bins = plan.bins;
    for (const RegionGroup &group : plan.groups) {
        const PixelView<const T> pixels{
            elements<T>(levels[group.level]) + group.image * plan.pixels_of(group) * channels,
            plan.sizes[group.level][1], channels, channels};
        parallel_ranges(static_cast<int64_t>(group.regions.size()), 8, [&](int64_t begin, int64_t end) {
            std::vector<T> scratch(channels_last_output ? 0 : bins * channels);
            for (int64_t i = begin; i < end; ++i) {
                const int64_t region = group.regions[i];
                T *out = output + region * bins * channels;
                gather_region(pixels, plan.taps, region, channels_last_output ? out : scratch.data(), channels);
                if (!channels_last_output) transpose_into<T>(scratch.data(), channels, bins, channels, out, bins);
            }
        });
    }
}

/// Forward on contiguous levels: 16 planes at a time become pixels of 16 channels, which all regions then read.
template <typename T>
void forward_contiguous(const RoIAlignPlan<T> &plan, const std::vector<at::Tensor> &levels, T *output) {
    const int64_t channels = plan.channels, bins = plan.bins;
    const int64_t blocks = (channels + channel_block - 1) / channel_block;
    parallel_tasks(static_cast<int64_t>(plan.groups.size()) * blocks, [&](int64_t task) {
        const RegionGroup &group = plan.groups[task / blocks];
        if (group.regions.empty()) return;
        const int64_t first = task % blocks * channel_block, some = std::min(channel_block, channels - first);
        const int64_t count = plan.pixels_of(group);
        std::vector<T> scratch(count * channel_block + bins * channel_block);
        T *tile = scratch.data() + count * channel_block;
        gather_planes<T>(
            elements<T>(levels[group.level]) + (group.image * channels + first) * count, some, count, scratch.data());
        const PixelView<const T> pixels{scratch.data(), plan.sizes[group.level][1], channel_block, channel_block};
        for (const int64_t region : group.regions) {
            gather_region(pixels, plan.taps, region, tile, channel_block);
            transpose_into<T>(tile, channel_block, bins, some, output + (region * channels + first) * bins, bins);
        }
    });
}

/// Backward, on either layout. A task owns some channels of one image and adds all of its regions in order, so that no
/// two threads write to one place and the sums don't depend on how many threads there are.
template <typename T>
void backward(
    const RoIAlignPlan<T> &plan, const T *grad_output, bool channels_last_output,
    const std::vector<at::Tensor> &grad_levels, bool channels_last_levels) {
    const int64_t channels = plan.channels, bins = plan.bins;
    const int64_t blocks = (channels + channel_block - 1) / channel_block;
    parallel_tasks(static_cast<int64_t>(plan.groups.size()) * blocks, [&](int64_t task) {
        const RegionGroup &group = plan.groups[task / blocks];
        const int64_t first = task % blocks * channel_block, some = std::min(channel_block, channels - first);
        const int64_t count = plan.pixels_of(group);
        T *level = grad_levels[group.level].mutable_data_ptr<T>() + group.image * count * channels;
        if (group.regions.empty()) return;
        std::vector<T> scratch(count * channel_block + bins * channel_block);
        T *tile = scratch.data() + count * channel_block;
        const PixelView<T> pixels{scratch.data(), plan.sizes[group.level][1], channel_block, channel_block};
        for (const int64_t region : group.regions) {
            const T *gradient = grad_output + region * bins * channels;
            if (channels_last_output) {
                for (int64_t bin = 0; bin < bins; ++bin)
                    std::copy_n(gradient + bin * channels + first, some, tile + bin * channel_block);
            } else {
                transpose_into<T>(gradient + first * bins, bins, some, bins, tile, channel_block);
            }
            scatter_region(pixels, plan.taps, region, tile, channel_block);
        }
        if (channels_last_levels) {
            for (int64_t pixel = 0; pixel < count; ++pixel)
                std::copy_n(scratch.data() + pixel * channel_block, some, level + pixel * channels + first);
        } else {
            scatter_planes<T>(scratch.data(), some, count, level + first * count);
        }
    });
}

at::MemoryFormat format_of(bool channels_last) {
    return channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

class RoIAlignFunction : public torch::autograd::Function<RoIAlignFunction> {
public:
    struct Call {
        std::vector<double> scales;
        at::Tensor rois, level_of;
        RoIAlignOptions options;
        bool channels_last_levels, channels_last_output;
    };

    static at::Tensor forward(torch::autograd::AutogradContext *context, at::TensorList inputs, const Call &call) {
        std::vector<at::Tensor> levels;
        std::vector<std::array<int64_t, 2>> sizes;
        std::vector<int64_t> saved;
        for (const at::Tensor &input : inputs) {
            levels.push_back(input.contiguous(format_of(call.channels_last_levels)));
            sizes.push_back({input.size(2), input.size(3)});
            saved.insert(saved.end(), {input.size(2), input.size(3)});
        }
        const int64_t images = inputs[0].size(0), channels = inputs[0].size(1);
        at::Tensor output = at::empty(
            {call.rois.size(0), channels, call.options.output_height, call.options.output_width},
            inputs[0].options().memory_format(format_of(call.channels_last_output)));
        const auto run = [&]<typename T>(T *out) {
            const RoIAlignPlan<T> plan(sizes, images, channels, call.scales, call.rois, call.level_of, call.options);
            if (call.channels_last_levels) {
                forward_channels_last(plan, levels, call.channels_last_output, out);
            } else {
                forward_contiguous(plan, levels, out);
            }
        };
        if (output.scalar_type() == at::kFloat) {
            run(output.mutable_data_ptr<float>());
        } else {
            run(output.mutable_data_ptr<double>());
        }
        context->saved_data["sizes"] = saved;
        context->saved_data["images"] = images;
        context->saved_data["channels"] = channels;
        context->saved_data["scales"] = call.scales;
        context->saved_data["height"] = call.options.output_height;
        context->saved_data["width"] = call.options.output_width;
        context->saved_data["sampling_ratio"] = call.options.sampling_ratio;
        context->saved_data["aligned"] = call.options.aligned;
        context->saved_data["channels_last_levels"] = call.channels_last_levels;
        context->saved_data["channels_last_output"] = call.channels_last_output;
        context->save_for_backward({call.rois, call.level_of});
        return output;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "roi_align has no second derivative");
        auto &data = context->saved_data;
        const std::vector<int64_t> saved = data["sizes"].toIntVector();
        std::vector<std::array<int64_t, 2>> sizes;
        for (size_t i = 0; i < saved.size(); i += 2) sizes.push_back({saved[i], saved[i + 1]});
        const int64_t images = data["images"].toInt(), channels = data["channels"].toInt();
        const bool channels_last_levels = data["channels_last_levels"].toBool();
        const bool channels_last_output = data["channels_last_output"].toBool();
        const RoIAlignOptions options{
            data["height"].toInt(), data["width"].toInt(), data["sampling_ratio"].toInt(), data["aligned"].toBool()};
        const auto variables = context->get_saved_variables();

        const at::Tensor grad_output = gradients[0].contiguous(format_of(channels_last_output));
        std::vector<at::Tensor> grad_levels;
        for (const auto &[height, width] : sizes) {
            grad_levels.push_back(at::zeros({images, channels, height, width}, grad_output.options())
                                      .contiguous(format_of(channels_last_levels)));
        }
        const auto run = [&]<typename T>(const T *gradient) {
            const RoIAlignPlan<T> plan(
                sizes, images, channels, data["scales"].toDoubleVector(), variables[0], variables[1], options);
            ctorch::backward<T>(plan, gradient, channels_last_output, grad_levels, channels_last_levels);
        };
        if (grad_output.scalar_type() == at::kFloat) {
            run(elements<float>(grad_output));
        } else {
            run(elements<double>(grad_output));
        }
        torch::autograd::variable_list result(grad_levels.begin(), grad_levels.end());
        result.emplace_back();
        return result;
    }
};

}  // namespace

at::Tensor roi_align(
    const std::vector<at::Tensor> &levels, const std::vector<double> &scales, const at::Tensor &rois,
    const at::Tensor &level_of, const RoIAlignOptions &options) {
    TORCH_CHECK(!levels.empty(), "roi_align: there is no feature level");
    TORCH_CHECK(
        levels.size() == scales.size(), "roi_align: ", levels.size(), " levels need as many scales, got ",
        scales.size());
    TORCH_CHECK(
        options.output_height > 0 && options.output_width > 0, "roi_align: the output must have bins, got ",
        options.output_height, " x ", options.output_width);
    for (const at::Tensor &level : levels) {
        check_regions("roi_align", level, rois);
        TORCH_CHECK(
            level.size(0) == levels[0].size(0) && level.size(1) == levels[0].size(1) &&
                level.scalar_type() == levels[0].scalar_type(),
            "roi_align: levels must have one batch, channels and type, got ", levels[0].sizes(), " and ",
            level.sizes());
    }
    at::Tensor level_of_each;
    if (level_of.defined()) {
        TORCH_CHECK(
            level_of.dim() == 1 && level_of.size(0) == rois.size(0) && level_of.scalar_type() == at::kLong,
            "roi_align: the levels of regions must be int64 [", rois.size(0), "], got ", level_of.sizes());
        const int64_t count = static_cast<int64_t>(levels.size());
        TORCH_CHECK(
            level_of.numel() == 0 || (level_of.ge(0).all().item<bool>() && level_of.lt(count).all().item<bool>()),
            "roi_align: a region names a level outside 0..<", count);
        level_of_each = level_of.contiguous();
    } else {
        TORCH_CHECK(levels.size() == 1, "roi_align: several levels need the level of each region");
    }
    const bool channels_last = levels[0].suggest_memory_format() == at::MemoryFormat::ChannelsLast;
    const RoIAlignFunction::Call call{scales,        rois.detach().contiguous(),
                                      level_of_each, options,
                                      channels_last, channels_last && options.layout == OutputLayout::like_input};
    return RoIAlignFunction::apply(at::TensorList(levels), call);
}

at::Tensor pyramid_levels(
    const at::Tensor &rois, const std::vector<double> &scales, double canonical_size, double canonical_level) {
    TORCH_CHECK(rois.dim() == 2 && rois.size(1) == 5, "pyramid_levels: rois must be [K, 5], got ", rois.sizes());
    TORCH_CHECK(!scales.empty(), "pyramid_levels: there is no level");
    const double first = -std::log2(scales.front()), last = -std::log2(scales.back());
    const at::Tensor area = (rois.select(1, 3) - rois.select(1, 1)) * (rois.select(1, 4) - rois.select(1, 2));
    const at::Tensor level = at::floor(at::log2(at::sqrt(area) / canonical_size) + canonical_level + 1e-6);
    return (
        at::clamp(at::nan_to_num(level, first, last, first), first, last).to(at::kLong) - static_cast<int64_t>(first));
}

}  // namespace ctorch
