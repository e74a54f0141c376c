// How the passes of normalised sums see a map, a norm and its affine.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "normalized_sum/normalized_sum_kernels.hpp"
#include "normalized_sum/normalized_sum_passes.hpp"
#include "core/parallel.hpp"
#include "core/elements.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// A map `[N, C, …]` with the channels last, cut into blocks of rows.
struct Blocks {
    int64_t images, positions, channels, rows, each;

    explicit Blocks(const at::Tensor &x)
        : images(x.size(0)), positions(x.numel() / std::max<int64_t>(1, x.size(0) * x.size(1))), channels(x.size(1)) {
        const int64_t wanted = std::max<int64_t>(64, 32768 / channels);
        each = std::max<int64_t>(1, (positions + wanted - 1) / wanted);
        rows = (positions + each - 1) / each;
        each = (positions + rows - 1) / rows;
    }

    int64_t image(int64_t task) const { return task / each; }
    int64_t first(int64_t task) const { return task % each * rows; }
    int64_t count(int64_t task) const { return std::min(rows, positions - first(task)); }
    /// Where a block's values begin.
    int64_t start(int64_t task) const { return (image(task) * positions + first(task)) * channels; }

    /// How a map of T that begins at `into` is best written: past the cache if it is too large to stay there, unless
    /// each block is read again at once.
    template <typename T>
    Store way(const T *into, bool is_read_again) const {
        constexpr int64_t large = 32 << 20;
        if (images * positions * channels * static_cast<int64_t>(sizeof(T)) < large) return Store::in_cache;
        const bool is_aligned = reinterpret_cast<uintptr_t>(into) % 64 == 0;
        return is_read_again || !is_aligned ? Store::in_order : Store::past_cache;
    }

    template <typename Body>
    void for_each(const Body &body) const {
        parallel_tasks(images * each, body);
    }
};

template <typename T>
const T *values_of(const at::Tensor &x) {
    return static_cast<const T *>(x.const_data_ptr());
}

template <typename T>
T *mutable_values_of(const at::Tensor &x) {
    return static_cast<T *>(x.mutable_data_ptr());
}

/// The words of a mask; null for an undefined one, which lets all values pass.
inline const uint16_t *bits_of(const at::Tensor &mask) {
    return mask.defined() ? static_cast<const uint16_t *>(mask.const_data_ptr()) : nullptr;
}

/// The affine's number of a channel, where there is one.
struct Affine {
    const float *weight, *bias;

    explicit Affine(const Term &term)
        : weight(term.weight.defined() ? elements<float>(term.weight) : nullptr),
          bias(term.bias.defined() ? elements<float>(term.bias) : nullptr) {}

    double scale(int64_t c) const { return weight == nullptr ? 1 : weight[c]; }
};

/// What each value of a term is multiplied by, `[N, C]`: by its norm and its affine, and once more where x itself is
/// added beside them.
inline std::vector<float> scales_of(const Term &term, const Normalization &norm, const Blocks &blocks) {
    const int64_t channels = blocks.channels;
    std::vector<float> scales(blocks.images * channels, 1);
    if (is_bare(term)) return scales;
    const Affine affine(term);
    const double plain = term.is_plain ? 1 : 0;
    const bool is_shared = norm.rows() < blocks.images;
    for (int64_t n = 0; n < (is_shared ? 1 : blocks.images); ++n) {
        const float *inverse = norm.inverses(n);
        float *row = scales.data() + n * channels;
        for (int64_t c = 0; c < channels; ++c) {
            row[c] = static_cast<float>(affine.scale(c) * (inverse == nullptr ? 1 : inverse[c]) + plain);
        }
    }
    for (int64_t n = 1; is_shared && n < blocks.images; ++n) {
        std::copy_n(scales.begin(), channels, scales.begin() + n * channels);
    }
    return scales;
}

}  // namespace ctorch

#pragma GCC visibility pop
