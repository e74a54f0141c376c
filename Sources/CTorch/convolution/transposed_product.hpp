// Products of two matrices of which the first is transposed, summed line by line: what weights' gradients are.
#pragma once

#include <cstdint>

#include "core/simd.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// One float32, or two bfloat16 numbers of neighbouring lines, which one instruction multiplies and sums.
template <typename T>
struct TransposedWord;
template <>
struct TransposedWord<float> {
    typedef float Type;
    static constexpr int64_t lines = 1;
};
template <>
struct TransposedWord<Bfloat16Bits> {
    typedef uint32_t Type;
    static constexpr int64_t lines = 2;
};

/// Most lines of one product: of 32 columns, so many fit the first cache. A longer sum is made of the sums of such parts, which
/// also rounds less.
template <typename T>
constexpr int64_t transposed_depth = 192 * TransposedWord<T>::lines;

/// out = leftᵀ · right, or out + leftᵀ · right.
///
/// - T: float, or bfloat16 as it lies in memory.
template <typename T>
struct TransposedProduct {
    /// `[depth, rows]`, its lines `left_stride` words apart; of bfloat16, `[⌈depth / 2⌉, rows]` as `pair_lines` makes it.
    const typename TransposedWord<T>::Type *left;
    int64_t left_stride;
    /// `depth` lines, of which the numbers offset..<offset + columns are multiplied; `columns` is a multiple of 16.
    const T *const *right;
    int64_t offset, depth, rows, columns;
    /// `[rows, columns]`
    float *out;
    int64_t out_stride;
    bool is_continued;
    /// What the next product of a long sum will read, to be fetched from memory meanwhile: its left factor in float32, and as
    /// many lines as this one has of its right one. Null for nothing.
    const float *left_ahead;
    const T *const *right_ahead;
};

/// For float32 on CPUs with AVX2 or more, and for bfloat16 on those with its dot product.
void multiply_transposed(const TransposedProduct<float> &product);
void multiply_transposed(const TransposedProduct<Bfloat16Bits> &product);

/// Makes words of `count` numbers, a multiple of 16, of each two lines; where the lines are odd in number, zeros follow the last.
///
/// - from: `[depth, count]`, its lines `stride` numbers apart.
/// - to: `[⌈depth / 2⌉, count]`
void pair_lines(const Bfloat16Bits *from, int64_t stride, int64_t depth, int64_t count, uint32_t *to);

}  // namespace ctorch

#pragma GCC visibility pop
