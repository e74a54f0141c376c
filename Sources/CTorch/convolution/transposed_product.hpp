// Products of two matrices of which the first is transposed, both read where they lie: what weights' gradients are.
#pragma once

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// out = leftᵀ · right, or out + leftᵀ · right.
struct TransposedProduct {
    /// `[depth, rows]` and `[depth, columns]`, their lines `left_stride` and `right_stride` numbers apart.
    const float *left;
    int64_t left_stride;
    const float *right;
    int64_t right_stride;
    /// `columns` is a multiple of 16.
    int64_t depth, rows, columns;
    /// `[rows, columns]`
    float *out;
    int64_t out_stride;
    bool is_continued;
};

/// For CPUs with AVX2 or more.
void multiply_transposed(const TransposedProduct &product);

}  // namespace ctorch

#pragma GCC visibility pop
