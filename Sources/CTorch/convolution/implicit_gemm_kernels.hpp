// The innermost loops of `implicit_gemm`.
#pragma once

#include <cstdint>

#include "core/simd.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Most rows of one product, and how many numbers of the summed axis are gathered at a time.
constexpr int64_t gemm_rows = 14, gemm_depth = 256;
/// Distance of one gathered row from the next: no power of two, at which all rows would fall on the same lines of the
/// cache.
constexpr int64_t gemm_stride = gemm_depth + 16;
/// Outputs of one panel of the weight.
constexpr int64_t gemm_panel = 32;

/// One product, out = act(rows · panel + out + bias + addend), with each summand but the product only where it is
/// wanted.
struct GemmTile {
    /// `[rows, gemm_stride]`, of which `depth` count.
    const float *inputs;
    /// `[depth, width]`
    const float *panel;
    int64_t rows, depth;
    /// 16 or 32.
    int64_t width;
    /// `[rows, stride]`
    float *out;
    int64_t stride;
    /// Whether `out` holds the sums of earlier blocks of the summed axis.
    bool is_continued;
    /// Bias `[width]` and an addend that lies as `out` does; null for none.
    const float *bias, *addend;
    bool relu;
    /// What a later product will read, to be fetched from memory meanwhile: 16 numbers for each of `depth`; null for
    /// nothing.
    const float *ahead;
};

/// Whether this CPU has what the kernels are made of.
bool gemm_is_fast();
void gemm_tile(const GemmTile &tile);
void gemm_copy(const float *from, int64_t count, float *to);
/// Copies `lines` lines of `count` numbers, which lie `stride` apart, to lie one behind the other.
void gemm_copy_lines(const float *from, int64_t lines, int64_t stride, int64_t count, float *to);
void gemm_copy_lines(const Bfloat16Bits *from, int64_t lines, int64_t stride, int64_t count, Bfloat16Bits *to);

}  // namespace ctorch

#pragma GCC visibility pop
