// Passes over blocks of rows `[rows, channels]`, the pixels of one image with the channels last: what normalised sums
// are made of. Channels are a multiple of 16. Sums over a block are in float32; blocks are joined in float64.
#pragma once

#include <cstdint>

#include "detection_simd.hpp"

namespace ctorch {

/// bfloat16 as it lies in memory.
using Bfloat16Bits = uint16_t;

/// Most addends of one sum.
constexpr int64_t most_terms = 64;

/// One addend: scale ⊙ (x − centre), or with x itself beside it. The difference comes first: where a mean is far from
/// zero, scale ⊙ x + shift would lose the digits that matter.
template <typename T>
struct ForwardTerm {
    const T *x;
    /// One for each channel; null: 1.
    const float *scale;
    /// One for each channel; null: 0.
    const float *centre;
    bool is_plain;
};

/// What the gradient of one addend needs: dx = p ⊙ g + q ⊙ (x − centre) + r, one of each for each channel.
template <typename T>
struct BackwardTerm {
    /// Null where q is zero.
    const T *x;
    /// Null: 1.
    const float *p;
    /// Null: 0, and then `centre` and r are, too.
    const float *q, *r, *centre;
    T *gradient;
};

/// An addend whose gradient's sums are wanted: Σ g ⊙ (x − centre) of each channel into `sums`.
template <typename T>
struct ReducedTerm {
    const T *x;
    const float *centre;
    float *sums;
};

#define CTORCH_DECLARE_NORMALIZED_SUM(T)                                                                              \
    /* Means of each channel, and the sums of squares about them. */                                                  \
    void block_moments(const T *x, int64_t rows, int64_t channels, float *means, float *squares);                     \
    /* out = Σ addends + bias, rectified where `mask` or `rectified` says; one bit of `mask` for each value that   \
       passes, 16 a word, where it is not null. */                                                                    \
    void block_sum(                                                                                                   \
        const ForwardTerm<T> *terms, int64_t count, const float *bias, int64_t rows, int64_t channels, bool rectified, \
        uint16_t *mask, T *out);                                                                                      \
    /* Sums of g, where the mask lets it pass, and of its products. */                                                \
    void block_reduce(                                                                                                \
        const T *g, const uint16_t *mask, const ReducedTerm<T> *terms, int64_t count, int64_t rows, int64_t channels, \
        float *sums);                                                                                                 \
    /* The gradient of every addend. */                                                                               \
    void block_gradients(                                                                                             \
        const T *g, const uint16_t *mask, const BackwardTerm<T> *terms, int64_t count, int64_t rows, int64_t channels);

CTORCH_DECLARE_NORMALIZED_SUM(float)
CTORCH_DECLARE_NORMALIZED_SUM(Bfloat16Bits)

#undef CTORCH_DECLARE_NORMALIZED_SUM

}  // namespace ctorch
