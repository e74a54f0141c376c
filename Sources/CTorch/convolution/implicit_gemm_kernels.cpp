#include "convolution/implicit_gemm_kernels.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/instructions.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// With AVX-512, products of up to 14 rows with 32 columns: 28 of the 32 registers hold sums, two a line of the panel and
// one a word of the rows, so that the multipliers never wait for a load. Measured on one core of a 2.5 GHz Cascade Lake:
// 136 of 151 GFLOP/s. The rows' distance is a constant: one pointer serves all of them. With AVX2, up to 6 rows with 16
// columns: 12 of the 16 registers hold sums.

namespace ctorch {

#if defined(__x86_64__)

#define CTORCH_AVX2 __attribute__((target("avx2,fma"), noinline))

namespace {

constexpr int64_t lanes = 16;

CTORCH_AVX512_INLINE __m512 numbers(const float *from) { return _mm512_loadu_ps(from); }
CTORCH_AVX512_INLINE __m512 numbers(const Bfloat16Bits *from) {
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

/// What is read and written at the end lies scattered in memory: fetched now, it needn't be waited for then.
template <typename T, int rows, int columns>
CTORCH_AVX512_INLINE void fetch_ends(const GemmTile<T> &tile) {
    if (tile.out == nullptr) {
#pragma unroll
        for (int i = 0; i < rows; ++i) {
#pragma unroll
            for (int j = 0; j < columns; ++j) __builtin_prefetch(tile.sums + i * tile.sums_stride + lanes * j, 1);
        }
        return;
    }
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; j += static_cast<int>(gemm_word<T>)) {
            __builtin_prefetch(tile.out + i * tile.stride + lanes * j, 1);
            if (tile.addend != nullptr) __builtin_prefetch(tile.addend + i * tile.stride + lanes * j);
        }
    }
}

/// Adds to the sums what the tile wants added. False where they are to be summed on: then they are stored.
template <typename T, int rows, int columns>
CTORCH_AVX512_INLINE bool finish(const GemmTile<T> &tile, __m512 (&sums)[rows][columns]) {
    const float *before = tile.sums;
    if (tile.is_continued) {
#pragma unroll
        for (int i = 0; i < rows; ++i) {
#pragma unroll
            for (int j = 0; j < columns; ++j) {
                sums[i][j] = _mm512_add_ps(sums[i][j], _mm512_loadu_ps(before + lanes * j));
            }
            before += tile.sums_stride;
        }
    }
    if (tile.out == nullptr) {
        float *into = tile.sums;
#pragma unroll
        for (int i = 0; i < rows; ++i) {
#pragma unroll
            for (int j = 0; j < columns; ++j) _mm512_storeu_ps(into + lanes * j, sums[i][j]);
            into += tile.sums_stride;
        }
        return false;
    }
    const T *addend = tile.addend;
    __m512 bias[columns];
#pragma unroll
    for (int j = 0; j < columns; ++j) {
        bias[j] = tile.bias != nullptr ? _mm512_loadu_ps(tile.bias + lanes * j) : _mm512_setzero_ps();
    }
    const __m512 zero = _mm512_setzero_ps();
    const bool relu = tile.relu;
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) {
            __m512 value = _mm512_add_ps(sums[i][j], bias[j]);
            if (addend != nullptr) value = _mm512_add_ps(value, numbers(addend + lanes * j));
            // NaN passes, as it does through libtorch's ReLU: the second operand is taken where one is NaN.
            if (relu) value = _mm512_max_ps(zero, value);
            sums[i][j] = value;
        }
        if (addend != nullptr) addend += tile.stride;
    }
    return true;
}

template <int rows, int columns>
CTORCH_AVX512 void product(const GemmTile<float> &tile) {
    __m512 sums[rows][columns];
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_setzero_ps();
    }
    fetch_ends<float, rows, columns>(tile);
    const float *inputs = tile.inputs, *panel = tile.panel;
    const float *ahead = tile.ahead != nullptr ? tile.ahead : panel;
    for (int64_t k = tile.depth; k > 0; --k) {
        __m512 line[columns];
#pragma unroll
        for (int j = 0; j < columns; ++j) line[j] = _mm512_loadu_ps(panel + lanes * j);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            const __m512 input = _mm512_set1_ps(inputs[i * gemm_stride]);
#pragma unroll
            for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_fmadd_ps(input, line[j], sums[i][j]);
        }
        __builtin_prefetch(ahead, 0, 2);
        ahead += lanes;
        panel += lanes * columns;
        ++inputs;
    }
    if (!finish(tile, sums)) return;
    float *out = tile.out;
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) _mm512_storeu_ps(out + lanes * j, sums[i][j]);
        out += tile.stride;
    }
}

template <int rows, int columns>
CTORCH_AVX512_BF16 void product(const GemmTile<Bfloat16Bits> &tile) {
    __m512 sums[rows][columns];
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_setzero_ps();
    }
    fetch_ends<Bfloat16Bits, rows, columns>(tile);
    const auto *inputs = reinterpret_cast<const int32_t *>(tile.inputs);
    const auto *panel = reinterpret_cast<const int32_t *>(tile.panel);
    const auto *ahead = tile.ahead != nullptr ? reinterpret_cast<const int32_t *>(tile.ahead) : panel;
    for (int64_t k = tile.depth; k > 0; --k) {
        __m512bh line[columns];
#pragma unroll
        for (int j = 0; j < columns; ++j) line[j] = (__m512bh)_mm512_loadu_si512(panel + lanes * j);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            int32_t word;
            std::memcpy(&word, inputs + i * gemm_stride, sizeof word);
            const __m512bh input = (__m512bh)_mm512_set1_epi32(word);
#pragma unroll
            for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], input, line[j]);
        }
        __builtin_prefetch(ahead, 0, 2);
        ahead += lanes;
        panel += lanes * columns;
        ++inputs;
    }
    if (!finish(tile, sums)) return;
    Bfloat16Bits *out = tile.out;
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) {
            const auto halves = (__m256i)_mm512_cvtneps_pbh(sums[i][j]);
            _mm256_storeu_si256(reinterpret_cast<__m256i *>(out + lanes * j), halves);
        }
        out += tile.stride;
    }
}

template <typename T>
using Product = void (*)(const GemmTile<T> &);

template <typename T, int columns, int... rows>
constexpr std::array<Product<T>, sizeof...(rows)> products(std::integer_sequence<int, rows...>) {
    return {static_cast<Product<T>>(product<rows + 1, columns>)...};
}

template <typename T>
constexpr auto narrow = products<T, 1>(std::make_integer_sequence<int, gemm_rows>());
template <typename T>
constexpr auto wide = products<T, 2>(std::make_integer_sequence<int, gemm_rows>());

/// Rows from `first` on with the columns from `column` to `column` + 16.
template <int rows>
CTORCH_AVX2 void product_of_eight_lanes(const GemmTile<float> &tile, int64_t first, int64_t column) {
    constexpr int64_t half = 8;
    __m256 sums[rows][2];
#pragma unroll
    for (int i = 0; i < rows; ++i) sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    const float *inputs = tile.inputs + first * gemm_stride, *panel = tile.panel + column;
    for (int64_t k = tile.depth; k > 0; --k) {
        const __m256 left = _mm256_loadu_ps(panel), right = _mm256_loadu_ps(panel + half);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            const __m256 input = _mm256_broadcast_ss(inputs + i * gemm_stride);
            sums[i][0] = _mm256_fmadd_ps(input, left, sums[i][0]);
            sums[i][1] = _mm256_fmadd_ps(input, right, sums[i][1]);
        }
        panel += tile.width;
        ++inputs;
    }
    const float *before = tile.sums + (tile.sums == nullptr ? 0 : first * tile.sums_stride + column);
    float *out =
        tile.out == nullptr ? tile.sums + first * tile.sums_stride + column : tile.out + first * tile.stride + column;
    const float *addend = tile.addend == nullptr ? nullptr : tile.addend + first * tile.stride + column;
    const int64_t stride = tile.out == nullptr ? tile.sums_stride : tile.stride;
    const bool relu = tile.relu && tile.out != nullptr;
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < 2; ++j) {
            __m256 value = sums[i][j];
            if (tile.is_continued) {
                value = _mm256_add_ps(value, _mm256_loadu_ps(before + i * tile.sums_stride + half * j));
            }
            if (tile.bias != nullptr) value = _mm256_add_ps(value, _mm256_loadu_ps(tile.bias + column + half * j));
            if (addend != nullptr) value = _mm256_add_ps(value, _mm256_loadu_ps(addend + i * stride + half * j));
            if (relu) value = _mm256_max_ps(_mm256_setzero_ps(), value);
            _mm256_storeu_ps(out + i * stride + half * j, value);
        }
    }
}

template <int... rows>
constexpr auto products_of_eight_lanes(std::integer_sequence<int, rows...>) {
    return std::array<void (*)(const GemmTile<float> &, int64_t, int64_t), sizeof...(rows)>{
        product_of_eight_lanes<rows + 1>...};
}

void product_by_avx2(const GemmTile<float> &tile) {
    constexpr int64_t most_rows = 6;
    static constexpr auto by_rows = products_of_eight_lanes(std::make_integer_sequence<int, most_rows>());
    const int64_t parts = (tile.rows + most_rows - 1) / most_rows;
    for (int64_t column = 0; column < tile.width; column += lanes) {
        for (int64_t part = 0; part < parts; ++part) {
            const int64_t first = tile.rows * part / parts, last = tile.rows * (part + 1) / parts;
            by_rows[last - first - 1](tile, first, column);
        }
    }
}

template <typename T>
CTORCH_AVX512 void copy_lines(const T *from, int64_t lines, int64_t stride, int64_t count, T *to) {
    // In words of 16 bits, of which a register holds 32.
    constexpr int64_t size = sizeof(T) / 2, halves = 2 * lanes;
    const auto *source = reinterpret_cast<const uint16_t *>(from);
    auto *target = reinterpret_cast<uint16_t *>(to);
    const int64_t all = count * size, whole = all / halves * halves;
    const __mmask32 rest = static_cast<__mmask32>((uint64_t{1} << (all - whole)) - 1);
    for (; lines > 0; --lines) {
        for (int64_t i = 0; i < whole; i += halves) _mm512_storeu_si512(target + i, _mm512_loadu_si512(source + i));
        if (rest != 0) _mm512_mask_storeu_epi16(target + whole, rest, _mm512_maskz_loadu_epi16(rest, source + whole));
        source += stride * size;
        target += all;
    }
}

}  // namespace

template <>
void gemm_tile(const GemmTile<float> &tile) {
    if (!has(Instructions::avx512)) return product_by_avx2(tile);
    (tile.width == gemm_panel ? wide<float> : narrow<float>)[tile.rows - 1](tile);
}

template <>
void gemm_tile(const GemmTile<Bfloat16Bits> &tile) {
    (tile.width == gemm_panel ? wide<Bfloat16Bits> : narrow<Bfloat16Bits>)[tile.rows - 1](tile);
}

#else

namespace {

template <typename T>
void copy_lines(const T *, int64_t, int64_t, int64_t, T *) {}

}  // namespace

template <>
void gemm_tile(const GemmTile<float> &) {}
template <>
void gemm_tile(const GemmTile<Bfloat16Bits> &) {}

#endif

namespace {

template <typename T>
void copy_lines_by_level(const T *from, int64_t lines, int64_t stride, int64_t count, T *to) {
    if (has(Instructions::avx512)) return copy_lines(from, lines, stride, count, to);
    for (; lines > 0; --lines, from += stride, to += count) std::copy_n(from, count, to);
}

}  // namespace

void gemm_copy_lines(const float *from, int64_t lines, int64_t stride, int64_t count, float *to) {
    copy_lines_by_level(from, lines, stride, count, to);
}
void gemm_copy_lines(const Bfloat16Bits *from, int64_t lines, int64_t stride, int64_t count, Bfloat16Bits *to) {
    copy_lines_by_level(from, lines, stride, count, to);
}

}  // namespace ctorch
