// Passes over blocks of rows `[rows, channels]`, the pixels of one image with the channels last: what normalised sums
// are made of. Channels are a multiple of 16. Sums over a block are in float32; blocks are joined in float64.
#pragma once

#include <cstdint>

#include "core/simd.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Most addends of one sum.
constexpr int64_t most_terms = 64;

/// An addend scale ⊙ x, of which only the values count that a ReLU has let pass.
template <typename T>
struct Addend {
    const T *x;
    /// A bit for each value that counts; null for all of them.
    const uint16_t *mask;
    /// The scale, one number for each channel.
    const float *scale;
};

/// What a ReLU makes of a sum.
struct Rectifier {
    /// Whether what is below zero is dropped.
    bool is_on = false;
    /// Gets a bit for each value that is not dropped, 16 in a word; may be null.
    uint16_t *passed = nullptr;
    /// Drops the values without a bit here; may be null.
    const uint16_t *passes = nullptr;
};

/// The way a map is written.
enum class Store {
    /// A few rows at a time, into the cache.
    in_cache,
    /// Row by row: where memory is waited for, several rows at a time would be as many streams to it.
    in_order,
    /// Row by row and past the cache, so that memory needn't be read before it is written. The map must be aligned to
    /// 64 bytes.
    past_cache,
};

/// An addend for whose gradient the sums Σ g ⊙ (x − centre) of each channel are wanted, in `sums`.
template <typename T>
struct ReducedTerm {
    const T *x;
    const float *centre;
    float *sums;
};

#define CTORCH_DECLARE_NORMALIZED_SUM(T) \
    /* Means of each channel, and the sums of squares about them. */ \
    void block_moments(const T *x, int64_t rows, int64_t channels, float *means, float *squares); \
    /* out = Σ addends + bias, rectified. */ \
    void block_combine( \
        const Addend<T> *addends, int64_t count, const float *bias, Rectifier rectifier, int64_t rows, \
        int64_t channels, Store way, T *out); \
    /* Sums of g, where the mask lets it pass, and of its products. */ \
    void block_reduce( \
        const T *g, const uint16_t *mask, const ReducedTerm<T> *terms, int64_t count, int64_t rows, int64_t channels, \
        float *sums);

CTORCH_DECLARE_NORMALIZED_SUM(float)
CTORCH_DECLARE_NORMALIZED_SUM(Bfloat16Bits)

#undef CTORCH_DECLARE_NORMALIZED_SUM

}  // namespace ctorch

#pragma GCC visibility pop
