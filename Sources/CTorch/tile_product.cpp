#include "tile_product.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#endif

namespace ctorch {

#if defined(__x86_64__) && defined(__linux__)

namespace {

// Registers 0 to 3 hold sums, 4 and 5 the left factor, 6 and 7 the right one. Each piece of a factor stays while it meets
// as many pieces of the other as it can.

template <int rows>
CTORCH_TILES_INLINE void load_left(const Bfloat16Bits *tiles, int64_t next) {
    _tile_loadd(4, tiles, 64);
    if constexpr (rows == 2) _tile_loadd(5, tiles + next, 64);
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
CTORCH_TILES void multiply_all(const TileProduct &product) {
    float *sums = product.sums, *lower = sums + tile_lines * product.stride;
    const int64_t stride = product.stride * static_cast<int64_t>(sizeof(float));
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    const Bfloat16Bits *left = product.left, *right = product.right, *ahead = product.ahead;
    for (int64_t step = product.steps; step > 0; --step) {
        if (ahead != nullptr) {
            for (int64_t i = 0; i < product.ahead_lines; ++i, ahead += tile_depth) __builtin_prefetch(ahead, 0, 2);
        }
        if constexpr (pieces == 3) {
            constexpr int64_t middle = tile_numbers, low = 2 * tile_numbers;
            load_left<rows>(left + low, product.next);
            load_right<columns>(right);
            multiply<rows, columns>();
            load_left<rows>(left + middle, product.next);
            multiply<rows, columns>();
            load_right<columns>(right + 2 * middle);
            multiply<rows, columns>();
            load_left<rows>(left, product.next);
            multiply<rows, columns>();
            load_right<columns>(right + 2 * low);
            multiply<rows, columns>();
            load_right<columns>(right);
            multiply<rows, columns>();
        } else if constexpr (pieces == 2) {
            load_left<rows>(left + tile_numbers, product.next);
            load_right<columns>(right);
            multiply<rows, columns>();
            load_left<rows>(left, product.next);
            multiply<rows, columns>();
            load_right<columns>(right + 2 * tile_numbers);
            multiply<rows, columns>();
        } else {
            load_left<rows>(left, product.next);
            load_right<columns>(right);
            multiply<rows, columns>();
        }
        left += pieces * tile_numbers;
        right += 2 * pieces * tile_numbers;
    }
    _tile_stored(0, sums, stride);
    if constexpr (columns == 2) _tile_stored(1, sums + 16, stride);
    if constexpr (rows == 2) _tile_stored(2, lower, stride);
    if constexpr (rows == 2 && columns == 2) _tile_stored(3, lower + 16, stride);
}

}  // namespace

template <int64_t pieces>
void tile_product(const TileProduct &product) {
    if (product.tiles_of_rows == 2) {
        product.tiles_of_columns == 2 ? multiply_all<pieces, 2, 2>(product) : multiply_all<pieces, 2, 1>(product);
    } else {
        product.tiles_of_columns == 2 ? multiply_all<pieces, 1, 2>(product) : multiply_all<pieces, 1, 1>(product);
    }
}

namespace {

template <typename T>
CTORCH_LINES_INLINE __m512 values(const T *from) {
    Lanes<float> lanes;
    load_values(lanes, from);
    return __builtin_bit_cast(__m512, lanes);
}

CTORCH_LINES_INLINE void put(float *to, __m512 x) { _mm512_storeu_ps(to, x); }

CTORCH_LINES_INLINE void put(Bfloat16Bits *to, __m512 x) {
    Halves halves;
    round_to_bfloat16(halves, __builtin_bit_cast(Lanes<float>, x));
    std::memcpy(to, &halves, sizeof halves);
}

}  // namespace

template <typename T>
CTORCH_LINES void tile_store(const TileResult<T> &result) {
    for (int64_t j = 0; j < result.width; j += 16) {
        const __m512 bias = result.bias == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(result.bias + j);
        for (int64_t i = 0; i < result.rows; ++i) {
            __m512 x = _mm512_add_ps(_mm512_loadu_ps(result.sums + i * tile_panel + j), bias);
            const int64_t between = i * result.between_stride + j, at = i * result.stride + j;
            if (result.before != nullptr) x = _mm512_add_ps(x, _mm512_loadu_ps(result.before + between));
            if (result.out == nullptr) {
                _mm512_storeu_ps(result.between + between, x);
                continue;
            }
            if (result.addend != nullptr) x = _mm512_add_ps(x, values(result.addend + at));
            // NaN passes, as it does through libtorch's ReLU.
            if (result.relu) {
                const __mmask16 is_negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
                x = _mm512_mask_mov_ps(x, is_negative, _mm512_setzero_ps());
            }
            put(result.out + at, x);
        }
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
void tile_product(const TileProduct &) {}
template <typename T>
void tile_store(const TileResult<T> &) {}
template <typename T>
void tile_prefetch(const TileResult<T> &) {}

#endif

template void tile_product<2>(const TileProduct &);
template void tile_product<1>(const TileProduct &);
template void tile_product<3>(const TileProduct &);
template void tile_store(const TileResult<float> &);
template void tile_store(const TileResult<Bfloat16Bits> &);
template void tile_prefetch(const TileResult<float> &);
template void tile_prefetch(const TileResult<Bfloat16Bits> &);

}  // namespace ctorch
