// The innermost loops of `implicit_gemm`.
#pragma once

#include <cstdint>

#include "core/simd.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Most rows of one product.
constexpr int64_t gemm_rows = 14;
/// Kernels take the summed axis in words of 32 bits: a word is one float32, or two neighbouring bfloat16 numbers, which one
/// instruction multiplies and sums.
template <typename T>
constexpr int64_t gemm_word = 4 / static_cast<int64_t>(sizeof(T));
/// How many words of the summed axis are gathered at a time.
constexpr int64_t gemm_words = 256;
/// Distance of one gathered row from the next, in words: no power of two, at which all rows would fall on the same lines
/// of the cache.
constexpr int64_t gemm_stride = gemm_words + 16;
/// Outputs of one panel of the weight.
constexpr int64_t gemm_panel = 32;

/// One product, out = act(rows · panel + sums + bias + addend), with each summand but the product only where it is
/// wanted.
template <typename T>
struct GemmTile {
    /// `[rows, gemm_stride]` words, of which `depth` count.
    const T *inputs;
    /// `[depth, width]` words
    const T *panel;
    int64_t rows, depth;
    /// 16 or 32.
    int64_t width;
    /// The sums of the blocks of the summed axis before this one and, unless there is an `out`, of this one:
    /// `[rows, sums_stride]`. In float32, they may lie where `out` does.
    float *sums;
    int64_t sums_stride;
    /// Whether `sums` holds something.
    bool is_continued;
    /// `[rows, stride]`; null where more blocks of the summed axis follow.
    T *out;
    int64_t stride;
    /// Bias `[width]` and an addend that lies as `out` does; null for none.
    const float *bias;
    const T *addend;
    bool relu;
    /// What a later product will read, to be fetched from memory meanwhile: 16 words for each of `depth`; null for nothing.
    const T *ahead;
};

/// For float32 on CPUs with AVX2 or more, and for bfloat16 on those with its dot product.
template <typename T>
void gemm_tile(const GemmTile<T> &tile);
/// Copies `lines` lines of `count` numbers, which lie `stride` apart, to lie one behind the other.
void gemm_copy_lines(const float *from, int64_t lines, int64_t stride, int64_t count, float *to);
void gemm_copy_lines(const Bfloat16Bits *from, int64_t lines, int64_t stride, int64_t count, Bfloat16Bits *to);

}  // namespace ctorch

#pragma GCC visibility pop
