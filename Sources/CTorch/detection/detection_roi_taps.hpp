// The rows and columns of a map that each bin of a region reads in RoIAlign, and their shares.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "detection/detection.hpp"
#include "core/simd.hpp"
#include "core/elements.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// One row or column that a bin reads, and its share of the bin's mean.
template <typename T>
struct Tap {
    int32_t index;
    T weight;
};

/// The taps of one bin along one axis.
template <typename T>
struct BinTaps {
    const Tap<T> *first, *last;

    CTORCH_INLINE const Tap<T> *begin() const { return first; }
    CTORCH_INLINE const Tap<T> *end() const { return last; }
};

template <typename T>
struct AxisView {
    const Tap<T> *taps;
    const int64_t *starts;
    int64_t bins;

    CTORCH_INLINE BinTaps<T> of(int64_t region, int64_t bin) const {
        const int64_t *start = starts + region * bins + bin;
        return {taps + start[0], taps + start[1]};
    }
};

/// The taps of all bins of all regions along one axis. Samples of a region form a grid, so the bilinear weight of a pixel
/// is the product of a row's and a column's; samples of a bin that fall on the same row are one tap.
template <typename T>
class AxisTaps {
public:
    explicit AxisTaps(int64_t bins) : bins(bins), starts{0} {}

    /// Appends the taps of a region that reaches from `start` over `length` pixels, on a map of `size` pixels.
    void append(T start, T length, int64_t sampling_ratio, int64_t size) {
        const T bin = length / static_cast<T>(bins);
        const T samples =
            sampling_ratio > 0 ? static_cast<T>(sampling_ratio) : std::ceil(length / static_cast<T>(bins));
        for (int64_t p = 0; p < bins; ++p) {
            const size_t first = taps.size();
            if (samples > 0 && std::isfinite(start) && std::isfinite(length))
                append_bin(start + static_cast<T>(p) * bin, bin, samples, size, first);
            starts.push_back(static_cast<int64_t>(taps.size()));
        }
    }

    AxisView<T> view() const { return {taps.data(), starts.data(), bins}; }

private:
    int64_t bins;
    std::vector<Tap<T>> taps;
    std::vector<int64_t> starts;

    void append_bin(T bin_start, T bin, T samples, int64_t size, size_t first) {
        const T share = T(1) / samples;
        const T spacing = bin / samples;
        T i = 0;
        // Samples in front of the map count for nothing, so they are skipped: a huge region has very many of them.
        if (spacing > 0 && bin_start < -2) i = std::max(T(0), std::floor((T(-2) - bin_start) / spacing) - 1);
        for (; i < samples; ++i) {
            const T at = bin_start + (i + T(.5)) * bin / samples;
            if (at > static_cast<T>(size) && spacing > 0) break;
            if (!(at >= -1 && at <= static_cast<T>(size))) continue;
            const T inside = at <= 0 ? 0 : at;
            int64_t low = static_cast<int64_t>(inside);
            if (low >= size - 1) {
                add(static_cast<int32_t>(size - 1), share, first);
            } else {
                const T beyond = inside - static_cast<T>(low);
                add(static_cast<int32_t>(low), share * (1 - beyond), first);
                add(static_cast<int32_t>(low + 1), share * beyond, first);
            }
        }
    }

    void add(int32_t index, T weight, size_t first) {
        for (size_t back = 1; back <= 2 && taps.size() >= first + back; ++back) {
            Tap<T> &tap = taps[taps.size() - back];
            if (tap.index == index) {
                tap.weight += weight;
                return;
            }
        }
        taps.push_back({index, weight});
    }
};

template <typename T>
struct RegionTaps {
    AxisView<T> rows, columns;
};

template <typename T>
struct RegionTapsStorage {
    AxisTaps<T> rows, columns;

    RegionTaps<T> view() const { return {rows.view(), columns.view()}; }
};

template <typename T>
RegionTapsStorage<T> taps_of(
    const std::vector<std::array<int64_t, 2>> &sizes, const std::vector<double> &scales, const at::Tensor &rois,
    const int64_t *level_of, const RoIAlignOptions &options) {
    RegionTapsStorage<T> taps{AxisTaps<T>(options.output_height), AxisTaps<T>(options.output_width)};
    const T offset = options.aligned ? T(.5) : T(0);
    const T *roi = elements<T>(rois);
    for (int64_t k = 0; k < rois.size(0); ++k, roi += 5) {
        const int64_t level = level_of != nullptr ? level_of[k] : 0;
        const T scale = static_cast<T>(scales[level]);
        const T x = roi[1] * scale - offset, y = roi[2] * scale - offset;
        T width = roi[3] * scale - offset - x, height = roi[4] * scale - offset - y;
        if (!options.aligned) {
            width = std::max(width, T(1));
            height = std::max(height, T(1));
        }
        taps.rows.append(y, height, options.sampling_ratio, sizes[level][0]);
        taps.columns.append(x, width, options.sampling_ratio, sizes[level][1]);
    }
    return taps;
}

}  // namespace ctorch

#pragma GCC visibility pop
