#include "convolution/transposed_product.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/instructions.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// As in implicit_gemm_kernels.cpp, with AVX-512 a product of up to 14 rows with 32 columns has its sums in 28 registers, and
// with AVX2 one of up to 6 rows with 16 columns in 12. The first rows take the columns from the lines of the right factor and lay
// them out as a panel for the others: lines lie far apart, often a power of two, and fall on few places of the cache.

namespace ctorch {

#if defined(__x86_64__)

namespace {

constexpr int64_t lanes = 16;

/// The sums of some rows with 16 columns, or with 32.
template <int rows, int columns>
using Sums = __m512[rows][columns];

template <int rows, int columns>
CTORCH_AVX512_INLINE void clear(Sums<rows, columns> &sums) {
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_setzero_ps();
    }
}

template <typename T, int rows, int columns>
CTORCH_AVX512_INLINE void write(const TransposedProduct<T> &product, Sums<rows, columns> &sums) {
#pragma unroll
    for (int i = 0; i < rows; ++i) {
        float *out = product.out + i * product.out_stride;
#pragma unroll
        for (int j = 0; j < columns; ++j) {
            if (product.is_continued) sums[i][j] = _mm512_add_ps(sums[i][j], _mm512_loadu_ps(out + lanes * j));
            _mm512_storeu_ps(out + lanes * j, sums[i][j]);
        }
    }
}

/// What a later product will read, to be fetched from memory meanwhile: lines of either factor, of the right one from a column
/// on. Those that are read now where there is nothing to fetch.
template <typename T>
struct Ahead {
    const float *left;
    const T *const *right;
    int64_t offset;
};

template <int rows, int columns, bool has_panel>
CTORCH_AVX512 void product_of_lines(const TransposedProduct<float> &product, float *panel, const Ahead<float> &ahead) {
    Sums<rows, columns> sums;
    clear<rows, columns>(sums);
    const float *left = product.left, *left_ahead = ahead.left;
    const int64_t left_stride = product.left_stride, offset = product.offset;
    for (int64_t k = 0; k < product.depth; ++k, panel += lanes * columns) {
        const float *later = ahead.right[k] + ahead.offset;
        __builtin_prefetch(left_ahead, 0, 2);
        __m512 line[columns];
#pragma unroll
        for (int j = 0; j < columns; ++j) {
            __builtin_prefetch(later + lanes * j, 0, 2);
            if constexpr (has_panel) {
                line[j] = _mm512_load_ps(panel + lanes * j);
            } else {
                line[j] = _mm512_loadu_ps(product.right[k] + offset + lanes * j);
                _mm512_store_ps(panel + lanes * j, line[j]);
            }
        }
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            const __m512 number = _mm512_set1_ps(left[i]);
#pragma unroll
            for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_fmadd_ps(number, line[j], sums[i][j]);
        }
        left += left_stride;
        left_ahead += left_stride;
    }
    write<float, rows, columns>(product, sums);
}

CTORCH_AVX512_INLINE __m512i widened(const Bfloat16Bits *from) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)));
}

/// Two lines as words of two numbers each. Of 32 columns, the first register has those whose third bit is not set, and the
/// second the others: the order in which the instruction mixes two lines.
template <int columns>
CTORCH_AVX512_INLINE void mix(const Bfloat16Bits *first, const Bfloat16Bits *second, __m512i (&words)[columns]) {
    if constexpr (columns == 1) {
        words[0] = _mm512_or_si512(widened(first), _mm512_slli_epi32(widened(second), 16));
    } else {
        const __m512i low = _mm512_loadu_si512(first), high = _mm512_loadu_si512(second);
        words[0] = _mm512_unpacklo_epi16(low, high);
        words[1] = _mm512_unpackhi_epi16(low, high);
    }
}

/// Multiplies a word of each row with words of the columns.
template <int rows, int columns>
inline __attribute__((target(CTORCH_AVX512_TARGET ",avx512bf16"), always_inline)) void add_words(
    const uint32_t *left, const __m512i (&words)[columns], Sums<rows, columns> &sums) {
#pragma unroll
    for (int i = 0; i < rows; ++i) {
        const auto number = (__m512bh)_mm512_set1_epi32(static_cast<int>(left[i]));
#pragma unroll
        for (int j = 0; j < columns; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], number, (__m512bh)words[j]);
    }
}

template <int columns>
CTORCH_AVX512_INLINE void keep(const __m512i (&words)[columns], uint32_t *panel) {
#pragma unroll
    for (int j = 0; j < columns; ++j) _mm512_store_si512(panel + lanes * j, words[j]);
}

template <int rows, int columns, bool has_panel>
CTORCH_AVX512_BF16 void product_of_pairs(
    const TransposedProduct<Bfloat16Bits> &product, uint32_t *panel, const Ahead<Bfloat16Bits> &ahead) {
    static constexpr Bfloat16Bits zeros[2 * lanes]{};
    Sums<rows, columns> sums;
    clear<rows, columns>(sums);
    const uint32_t *left = product.left;
    const Bfloat16Bits *const *right = product.right;
    const int64_t left_stride = product.left_stride, offset = product.offset, depth = product.depth;
    for (int64_t k = 0; k < depth; k += 2, left += left_stride, panel += lanes * columns) {
        const int64_t next = k + 1 < depth ? k + 1 : k;
        __builtin_prefetch(ahead.right[k] + ahead.offset, 0, 2);
        __builtin_prefetch(ahead.right[next] + ahead.offset, 0, 2);
        __m512i words[columns];
        if constexpr (has_panel) {
#pragma unroll
            for (int j = 0; j < columns; ++j) words[j] = _mm512_load_si512(panel + lanes * j);
        } else {
            mix<columns>(right[k] + offset, next > k ? right[next] + offset : zeros, words);
            keep<columns>(words, panel);
        }
        add_words<rows, columns>(left, words, sums);
    }
    if constexpr (columns == 2) {
        // Back to the columns' order: fours of the one register and of the other in turn.
        const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
        const __m512i second = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            const __m512 even = sums[i][0], odd = sums[i][1];
            sums[i][0] = _mm512_permutex2var_ps(even, first, odd);
            sums[i][1] = _mm512_permutex2var_ps(even, second, odd);
        }
    }
    write<Bfloat16Bits, rows, columns>(product, sums);
}

template <int rows>
__attribute__((target("avx2,fma"), noinline)) void product_of_eight_lanes(
    const TransposedProduct<float> &product, float *, const Ahead<float> &) {
    constexpr int64_t half = 8;
    __m256 sums[rows][2];
#pragma unroll
    for (int i = 0; i < rows; ++i) sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    const float *left = product.left;
    for (int64_t k = 0; k < product.depth; ++k, left += product.left_stride) {
        const float *numbers = product.right[k] + product.offset;
        const __m256 first = _mm256_loadu_ps(numbers), second = _mm256_loadu_ps(numbers + half);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
            const __m256 number = _mm256_broadcast_ss(left + i);
            sums[i][0] = _mm256_fmadd_ps(number, first, sums[i][0]);
            sums[i][1] = _mm256_fmadd_ps(number, second, sums[i][1]);
        }
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

template <typename T>
using Product = void (*)(const TransposedProduct<T> &, typename TransposedWord<T>::Type *panel, const Ahead<T> &);

/// Products of some columns by the number of their rows: of the first rows, and of the others.
template <typename T, int most_rows>
struct Products {
    std::array<Product<T>, most_rows> first, others;
};

constexpr int most_rows = 14, most_rows_of_eight = 6;

template <int columns, int... rows>
constexpr Products<float, most_rows> by_lines(std::integer_sequence<int, rows...>) {
    return {{product_of_lines<rows + 1, columns, false>...}, {product_of_lines<rows + 1, columns, true>...}};
}

template <int columns, int... rows>
constexpr Products<Bfloat16Bits, most_rows> by_pairs(std::integer_sequence<int, rows...>) {
    return {{product_of_pairs<rows + 1, columns, false>...}, {product_of_pairs<rows + 1, columns, true>...}};
}

template <int... rows>
constexpr Products<float, most_rows_of_eight> by_eight(std::integer_sequence<int, rows...>) {
    return {{product_of_eight_lanes<rows + 1>...}, {product_of_eight_lanes<rows + 1>...}};
}

/// Cuts a product into those of `wide` and, for 16 columns at the end, of `narrow`, which each take `width` columns or fewer.
template <typename T, int most>
void multiply_by(
    const TransposedProduct<T> &product, int64_t width, const Products<T, most> &wide,
    const Products<T, most> &narrow) {
    alignas(64) typename TransposedWord<T>::Type panel[transposed_depth<T> / TransposedWord<T>::lines * 2 * lanes];
    const int64_t tiles = (product.rows + most - 1) / most;
    for (int64_t column = 0; column < product.columns; column += width) {
        const Products<T, most> &products = product.columns - column >= width ? wide : narrow;
        for (int64_t tile = 0; tile < tiles; ++tile) {
            const int64_t row = product.rows * tile / tiles, next = product.rows * (tile + 1) / tiles;
            TransposedProduct<T> part = product;
            part.left += row;
            part.offset += column;
            part.out += row * product.out_stride + column;
            // Each line is fetched once: the next product's with the first columns and rows, and the next columns of these lines
            // with the second rows.
            Ahead<T> ahead{reinterpret_cast<const float *>(part.left), part.right, part.offset};
            if (column == 0 && product.left_ahead != nullptr) ahead.left = product.left_ahead + row;
            if (tile == 0 && product.right_ahead != nullptr) ahead.right = product.right_ahead;
            if (tile == 1 && column + width < product.columns) ahead.offset += width;
            (tile == 0 ? products.first : products.others)[next - row - 1](part, panel, ahead);
        }
    }
}

CTORCH_AVX512 void pair(const Bfloat16Bits *from, int64_t stride, int64_t depth, int64_t count, uint32_t *to) {
    for (; depth > 0; depth -= 2, from += 2 * stride) {
        for (int64_t i = 0; i < count; i += lanes, to += lanes) {
            // The next product's lines, as the processor foresees no such steps.
            __builtin_prefetch(from + transposed_depth<Bfloat16Bits> * stride + i, 0, 2);
            __builtin_prefetch(from + (transposed_depth<Bfloat16Bits> + 1) * stride + i, 0, 2);
            __m512i words = widened(from + i);
            if (depth > 1) words = _mm512_or_si512(words, _mm512_slli_epi32(widened(from + stride + i), 16));
            _mm512_storeu_si512(to, words);
        }
    }
}

}  // namespace

void multiply_transposed(const TransposedProduct<float> &product) {
    static constexpr auto wide = by_lines<2>(std::make_integer_sequence<int, most_rows>());
    static constexpr auto narrow = by_lines<1>(std::make_integer_sequence<int, most_rows>());
    static constexpr auto eight = by_eight(std::make_integer_sequence<int, most_rows_of_eight>());
    has(Instructions::avx512) ? multiply_by(product, 2 * lanes, wide, narrow)
                              : multiply_by(product, lanes, eight, eight);
}

void multiply_transposed(const TransposedProduct<Bfloat16Bits> &product) {
    static constexpr auto wide = by_pairs<2>(std::make_integer_sequence<int, most_rows>());
    static constexpr auto narrow = by_pairs<1>(std::make_integer_sequence<int, most_rows>());
    multiply_by(product, 2 * lanes, wide, narrow);
}

void pair_lines(const Bfloat16Bits *from, int64_t stride, int64_t depth, int64_t count, uint32_t *to) {
    pair(from, stride, depth, count, to);
}

#else

void multiply_transposed(const TransposedProduct<float> &) {}
void multiply_transposed(const TransposedProduct<Bfloat16Bits> &) {}
void pair_lines(const Bfloat16Bits *, int64_t, int64_t, int64_t, uint32_t *) {}

#endif

}  // namespace ctorch
