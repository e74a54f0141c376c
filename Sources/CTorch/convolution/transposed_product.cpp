#include "convolution/transposed_product.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/instructions.hpp"
#include "core/simd.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// As in implicit_gemm_kernels.cpp, with AVX-512 a product of up to 14 rows with 32 columns has its sums in 28 registers, and
// with AVX2 one of up to 6 rows with 16 columns in 12. Its rows' numbers lie side by side here, so both factors are read in
// place.

namespace ctorch {

#if defined(__x86_64__)

namespace {

constexpr int64_t lanes = 16;

/// How many of the summed lines are multiplied at a time: so many of 32 columns fit the first cache, and a long sum is made
/// of the sums of parts, which rounds less.
constexpr int64_t most_depth = 192;

/// What a later product will read, to be fetched from memory meanwhile, line by line.
struct Ahead {
    const float *left, *right;
};

template <int rows, int columns>
CTORCH_AVX512 void product_of_sixteen_lanes(const TransposedProduct &product, const Ahead &ahead) {
    __m512 sums[rows][columns];
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_setzero_ps();
    }
    const float *left = product.left, *right = product.right;
    const int64_t left_stride = product.left_stride, right_stride = product.right_stride;
    const float *left_ahead = ahead.left, *right_ahead = ahead.right;
    for (int64_t k = product.depth; k > 0; --k) {
        __builtin_prefetch(left_ahead, 0, 2);
        __builtin_prefetch(right_ahead, 0, 2);
        if constexpr (columns == 2) __builtin_prefetch(right_ahead + lanes, 0, 2);
        left_ahead += left_stride;
        right_ahead += right_stride;
        __m512 line[columns];
#pragma unroll
        for (int j = 0; j < columns; ++j) line[j] = _mm512_loadu_ps(right + lanes * j);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            const __m512 number = _mm512_set1_ps(left[i]);
#pragma unroll
            for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_fmadd_ps(number, line[j], sums[i][j]);
        }
        left += left_stride;
        right += right_stride;
    }
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) {
            float *out = product.out + i * product.out_stride + lanes * j;
            if (product.is_continued) sums[i][j] = _mm512_add_ps(sums[i][j], _mm512_loadu_ps(out));
            _mm512_storeu_ps(out, sums[i][j]);
        }
    }
}

template <int rows>
__attribute__((target("avx2,fma"), noinline)) void product_of_eight_lanes(
    const TransposedProduct &product, const Ahead &) {
    constexpr int64_t half = 8;
    __m256 sums[rows][2];
#pragma unroll
    for (int i = 0; i < rows; ++i) sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    const float *left = product.left, *right = product.right;
    for (int64_t k = product.depth; k > 0; --k) {
        const __m256 first = _mm256_loadu_ps(right), second = _mm256_loadu_ps(right + half);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            const __m256 number = _mm256_broadcast_ss(left + i);
            sums[i][0] = _mm256_fmadd_ps(number, first, sums[i][0]);
            sums[i][1] = _mm256_fmadd_ps(number, second, sums[i][1]);
        }
        left += product.left_stride;
        right += product.right_stride;
    }
#pragma unroll
    for (int i = 0; i < rows; ++i) {
        float *out = product.out + i * product.out_stride;
        if (product.is_continued) {
            sums[i][0] = _mm256_add_ps(sums[i][0], _mm256_loadu_ps(out));
            sums[i][1] = _mm256_add_ps(sums[i][1], _mm256_loadu_ps(out + half));
        }
        _mm256_storeu_ps(out, sums[i][0]);
        _mm256_storeu_ps(out + half, sums[i][1]);
    }
}

using Product = void (*)(const TransposedProduct &, const Ahead &);

template <int columns, int... rows>
constexpr std::array<Product, sizeof...(rows)> by_sixteen(std::integer_sequence<int, rows...>) {
    return {product_of_sixteen_lanes<rows + 1, columns>...};
}

template <int... rows>
constexpr std::array<Product, sizeof...(rows)> by_eight(std::integer_sequence<int, rows...>) {
    return {product_of_eight_lanes<rows + 1>...};
}

}  // namespace

void multiply_transposed(const TransposedProduct &product) {
    constexpr int most_rows = 14, most_rows_of_eight = 6;
    static constexpr auto wide = by_sixteen<2>(std::make_integer_sequence<int, most_rows>());
    static constexpr auto narrow = by_sixteen<1>(std::make_integer_sequence<int, most_rows>());
    static constexpr auto eight = by_eight(std::make_integer_sequence<int, most_rows_of_eight>());
    const bool has_sixteen = has(Instructions::avx512);
    const int64_t most = has_sixteen ? most_rows : most_rows_of_eight, most_width = has_sixteen ? 2 * lanes : lanes;
    const int64_t tiles = (product.rows + most - 1) / most, runs = (product.depth + most_depth - 1) / most_depth;
    for (int64_t run = 0; run < runs; ++run) {
        const int64_t start = product.depth * run / runs, end = product.depth * (run + 1) / runs;
        for (int64_t column = 0; column < product.columns; column += most_width) {
            const int64_t width = std::min(most_width, product.columns - column);
            for (int64_t tile = 0; tile < tiles; ++tile) {
                const int64_t row = product.rows * tile / tiles, next = product.rows * (tile + 1) / tiles;
                TransposedProduct part = product;
                part.left += start * product.left_stride + row;
                part.right += start * product.right_stride + column;
                part.depth = end - start;
                part.out += row * product.out_stride + column;
                part.is_continued = product.is_continued || run > 0;
                // The next run's lines, each fetched once.
                const int64_t left_distance = column == 0 && run + 1 < runs ? part.depth * product.left_stride : 0;
                const int64_t right_distance = tile == 0 && run + 1 < runs ? part.depth * product.right_stride : 0;
                const Ahead ahead{part.left + left_distance, part.right + right_distance};
                const auto &kernels = !has_sixteen ? nullptr : width == 2 * lanes ? &wide : &narrow;
                kernels == nullptr ? eight[next - row - 1](part, ahead) : (*kernels)[next - row - 1](part, ahead);
            }
        }
    }
}

#else

void multiply_transposed(const TransposedProduct &) {}

#endif

}  // namespace ctorch
