#include "convolution/tile_product.hpp"

#if defined(CTORCH_EMULATED_TILES)
#include "convolution/emulated_tiles.hpp"
#endif

#include <algorithm>
#include <cstring>
#include <limits>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#endif

namespace ctorch {

#if defined(__x86_64__) && defined(__linux__)

namespace {

template <typename T>
CTORCH_LINES_INLINE __m512 values(const T *from) {
    Lanes<float> lanes;
    load_values(lanes, from);
    return __builtin_bit_cast(__m512, lanes);
}

template <int vectors>
CTORCH_LINES_INLINE void put(float *to, const __m512 *x) {
#pragma unroll
    for (int i = 0; i < vectors; ++i) _mm512_storeu_ps(to + 16 * i, x[i]);
}

// A whole line of the cache at once where there is one.
template <int vectors>
CTORCH_LINES_INLINE void put(Bfloat16Bits *to, const __m512 *x) {
    if constexpr (vectors == 2) {
        const __m512bh numbers = _mm512_cvtne2ps_pbh(x[1], x[0]);
        std::memcpy(to, &numbers, sizeof numbers);
    } else {
        const __m256bh numbers = _mm512_cvtneps_pbh(x[0]);
        std::memcpy(to, &numbers, sizeof numbers);
    }
}

template <typename T, int vectors, bool has_addend>
CTORCH_LINES_INLINE void finish_rows(const TileResult<T> &result, int64_t first, int64_t last) {
    __m512 bias[vectors];
#pragma unroll
    for (int i = 0; i < vectors; ++i) {
        bias[i] = result.bias == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(result.bias + 16 * i);
    }
    // NaN passes, as it does through libtorch's ReLU.
    const __m512 least = _mm512_set1_ps(result.relu ? 0.f : -std::numeric_limits<float>::infinity());
    const float *const sums = result.sums, *const before = result.before;
    T *const out = result.out;
    const T *const addend = result.addend;
    const int64_t stride = result.stride, between_stride = result.between_stride;
    for (int64_t row = first; row < last; ++row) {
        __m512 x[vectors];
#pragma unroll
        for (int i = 0; i < vectors; ++i) {
            x[i] = _mm512_add_ps(_mm512_loadu_ps(sums + row * tile_panel + 16 * i), bias[i]);
            if (before != nullptr) x[i] = _mm512_add_ps(x[i], _mm512_loadu_ps(before + row * between_stride + 16 * i));
            if constexpr (has_addend) x[i] = _mm512_add_ps(x[i], values(addend + row * stride + 16 * i));
            x[i] = _mm512_max_ps(least, x[i]);
        }
        put<vectors>(out + row * stride, x);
    }
}

template <typename T, int vectors>
CTORCH_LINES_INLINE void store_rows(const TileResult<T> &result, int64_t first, int64_t last) {
    if (result.out == nullptr) {
        for (int64_t row = first; row < last; ++row) {
            for (int64_t column = 0; column < 16 * vectors; column += 16) {
                const int64_t at = row * result.between_stride + column;
                __m512 x = _mm512_loadu_ps(result.sums + row * tile_panel + column);
                if (result.before != nullptr) x = _mm512_add_ps(x, _mm512_loadu_ps(result.before + at));
                _mm512_storeu_ps(result.between + at, x);
            }
        }
    } else if (result.addend != nullptr) {
        finish_rows<T, vectors, true>(result, first, last);
    } else {
        finish_rows<T, vectors, false>(result, first, last);
    }
}

template <typename T>
CTORCH_LINES_INLINE void store_rows(const TileResult<T> &result, int64_t first, int64_t last) {
    if (result.width == tile_panel) {
        store_rows<T, 2>(result, first, last);
    } else {
        store_rows<T, 1>(result, first, last);
    }
}

}  // namespace

template <typename T>
CTORCH_LINES void tile_store(const TileResult<T> &result) {
    store_rows(result, 0, result.rows);
}

namespace {

// Registers 0 to 3 hold sums, 4 and 5 the left factor, 6 and 7 the right one. Each piece of a factor stays while it meets
// as many pieces of the other as it can.

template <int rows>
CTORCH_TILES_INLINE void load_left(const Bfloat16Bits *tiles, int64_t line, int64_t second) {
    _tile_loadd(4, tiles, line);
    if constexpr (rows == 2) _tile_loadd(5, tiles + second, line);
}

template <int columns>
CTORCH_TILES_INLINE void load_right(const Bfloat16Bits *tiles) {
    _tile_loadd(6, tiles, 64);
    if constexpr (columns == 2) _tile_loadd(7, tiles + tile_numbers, 64);
}

template <int rows, int columns>
CTORCH_TILES_INLINE void multiply() {
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (columns == 2) _tile_dpbf16ps(1, 4, 7);
    if constexpr (rows == 2) _tile_dpbf16ps(2, 5, 6);
    if constexpr (rows == 2 && columns == 2) _tile_dpbf16ps(3, 5, 7);
}

template <int64_t pieces, int rows, int columns>
CTORCH_TILES void multiply_all(const TileProduct &product, const TileResult<TileNumber<pieces>> &earlier) {
    float *sums = product.sums, *lower = sums + product.rows_of_tile * product.stride;
    const int64_t stride = product.stride * static_cast<int64_t>(sizeof(float));
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    const Bfloat16Bits *const first = product.left.first, *left = first, *right = product.right, *ahead = product.ahead;
    const int64_t line = product.left.line * static_cast<int64_t>(sizeof(Bfloat16Bits));
    const int64_t second = rows == 2 ? product.left.second - first : 0;
    const int64_t *const offsets = product.left.offsets;
    // Each step stores as many of the earlier rows as it takes to store all of them in the end.
    const int64_t share = (earlier.rows + product.steps - 1) / product.steps;
    int64_t row = 0;
    for (int64_t step = 0; step < product.steps; ++step) {
        left = offsets == nullptr ? first + step * product.left.step : first + offsets[step];
        if (ahead != nullptr) {
            for (int64_t i = 0; i < product.ahead_lines; ++i, ahead += tile_depth) __builtin_prefetch(ahead, 0, 2);
        }
        if constexpr (pieces == 3) {
            constexpr int64_t middle = tile_numbers, low = 2 * tile_numbers;
            load_left<rows>(left + low, line, second);
            load_right<columns>(right);
            multiply<rows, columns>();
            load_left<rows>(left + middle, line, second);
            multiply<rows, columns>();
            load_right<columns>(right + 2 * middle);
            multiply<rows, columns>();
            load_left<rows>(left, line, second);
            multiply<rows, columns>();
            load_right<columns>(right + 2 * low);
            multiply<rows, columns>();
            load_right<columns>(right);
            multiply<rows, columns>();
        } else if constexpr (pieces == 2) {
            load_left<rows>(left + tile_numbers, line, second);
            load_right<columns>(right);
            multiply<rows, columns>();
            load_left<rows>(left, line, second);
            multiply<rows, columns>();
            load_right<columns>(right + 2 * tile_numbers);
            multiply<rows, columns>();
        } else {
            load_left<rows>(left, line, second);
            load_right<columns>(right);
            multiply<rows, columns>();
        }
        right += 2 * pieces * tile_numbers;
        if (row < earlier.rows) {
            const int64_t end = std::min(earlier.rows, row + share);
            store_rows(earlier, row, end);
            row = end;
        }
    }
    _tile_stored(0, sums, stride);
    if constexpr (columns == 2) _tile_stored(1, sums + 16, stride);
    if constexpr (rows == 2) _tile_stored(2, lower, stride);
    if constexpr (rows == 2 && columns == 2) _tile_stored(3, lower + 16, stride);
}

}  // namespace

template <int64_t pieces>
void tile_product(const TileProduct &product, const TileResult<TileNumber<pieces>> &earlier) {
    if (product.tiles_of_rows == 2) {
        product.tiles_of_columns == 2 ? multiply_all<pieces, 2, 2>(product, earlier)
                                      : multiply_all<pieces, 2, 1>(product, earlier);
    } else {
        product.tiles_of_columns == 2 ? multiply_all<pieces, 1, 2>(product, earlier)
                                      : multiply_all<pieces, 1, 1>(product, earlier);
    }
}

template <typename T>
void tile_prefetch(const TileResult<T> &result) {
    constexpr int64_t line = 64 / sizeof(T);
    if (result.out == nullptr) return;
    for (int64_t i = 0; i < result.rows; ++i) {
        for (int64_t j = 0; j < result.width; j += line) {
            __builtin_prefetch(result.out + i * result.stride + j, 1);
            if (result.addend != nullptr) __builtin_prefetch(result.addend + i * result.stride + j);
        }
    }
}

#else

template <int64_t pieces>
void tile_product(const TileProduct &, const TileResult<TileNumber<pieces>> &) {}
template <typename T>
void tile_store(const TileResult<T> &) {}
template <typename T>
void tile_prefetch(const TileResult<T> &) {}

#endif

template void tile_product<2>(const TileProduct &, const TileResult<TileNumber<2>> &);
template void tile_product<1>(const TileProduct &, const TileResult<TileNumber<1>> &);
template void tile_product<3>(const TileProduct &, const TileResult<TileNumber<3>> &);
template void tile_store(const TileResult<float> &);
template void tile_store(const TileResult<Bfloat16Bits> &);
template void tile_prefetch(const TileResult<float> &);
template void tile_prefetch(const TileResult<Bfloat16Bits> &);

}  // namespace ctorch
