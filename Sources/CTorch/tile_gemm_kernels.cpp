#include "tile_gemm_kernels.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ctorch {

#if defined(__x86_64__) && defined(__linux__)

#define CTORCH_TILES __attribute__((target("amx-tile,amx-bf16"), noinline))
#define CTORCH_TILES_INLINE __attribute__((target("amx-tile,amx-bf16"), always_inline)) inline
#define CTORCH_LINES __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"), noinline))
#define CTORCH_LINES_INLINE __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"), always_inline)) inline

namespace {

/// Linux gives the tile unit's registers to a process that asks.
bool may_use_tiles() {
    constexpr long request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

bool has_tiles() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
    constexpr unsigned bfloat16 = 1u << 22, tile = 1u << 24;
    return (d & bfloat16) != 0 && (d & tile) != 0;
}

struct alignas(64) TileConfiguration {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes_a_line[16] = {};
    uint8_t lines[16] = {};

    TileConfiguration() {
        for (int i = 0; i < 8; ++i) {
            bytes_a_line[i] = 64;
            lines[i] = tile_lines;
        }
    }
};

const TileConfiguration whole_tiles;

CTORCH_TILES void configure() { _tile_loadconfig(&whole_tiles); }
CTORCH_TILES void release() { _tile_release(); }

CTORCH_LINES_INLINE __m512 upper_half(__m512i bits) {
    return _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

/// The upper halves of two numbers as one of 32 bits.
CTORCH_LINES_INLINE __m512i pair(__m512i first, __m512i second) {
    return _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(first, 16), second);
}

/// Numbers i and 16 + i of 32 as pairs, piece by piece. Of three pieces each is what the one before cuts off; of two both
/// are rounded, ties away from zero.
template <int64_t count>
struct Pieces {
    __m512i lines[count];

    CTORCH_LINES_INLINE static Pieces of(__m512 first, __m512 second) {
        Pieces result;
#pragma unroll
        for (int i = 0; i < count; ++i) {
            __m512i a = _mm512_castps_si512(first), b = _mm512_castps_si512(second);
            if constexpr (count == 2) {
                a = _mm512_add_epi32(a, _mm512_set1_epi32(0x8000));
                b = _mm512_add_epi32(b, _mm512_set1_epi32(0x8000));
            }
            result.lines[i] = pair(a, b);
            first = _mm512_sub_ps(first, upper_half(a));
            second = _mm512_sub_ps(second, upper_half(b));
        }
        return result;
    }

    /// `piece` numbers apart.
    CTORCH_LINES_INLINE void store(Piece *to, int64_t piece) const {
#pragma unroll
        for (int i = 0; i < count; ++i) _mm512_storeu_si512(to + i * piece, lines[i]);
    }
};

/// Rows to columns, of 16 × 16 numbers of 32 bits.
CTORCH_LINES_INLINE void transpose(__m512i rows[16]) {
    __m512i a[16], b[16];
#pragma unroll
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    // Of four rows each: four columns in each quarter of a register.
#pragma unroll
    for (int i = 0; i < 16; i += 4) {
        b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
        b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
        b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
        b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const __m512i even_top = _mm512_shuffle_i32x4(b[i], b[i + 4], 0x88), odd_top = _mm512_shuffle_i32x4(b[i], b[i + 4], 0xdd);
        const __m512i even_end = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0x88);
        const __m512i odd_end = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0xdd);
        rows[i] = _mm512_shuffle_i32x4(even_top, even_end, 0x88);
        rows[i + 8] = _mm512_shuffle_i32x4(even_top, even_end, 0xdd);
        rows[i + 4] = _mm512_shuffle_i32x4(odd_top, odd_end, 0x88);
        rows[i + 12] = _mm512_shuffle_i32x4(odd_top, odd_end, 0xdd);
    }
}

CTORCH_LINES_INLINE void store_turned(__m512i lines[16], Piece *to) {
    transpose(lines);
#pragma unroll
    for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + i * tile_depth, lines[i]);
}

CTORCH_LINES_INLINE __m512 row_or_zeros(const float *row, int64_t offset) {
    return row == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(row + offset);
}

/// Rows are read a few columns at a time, which no hardware foresees: fetches the columns after these.
CTORCH_LINES_INLINE void fetch_next(const float *const *rows, int64_t columns) {
    for (int64_t i = 0; i < 2 * tile_lines; ++i) {
        if (rows[i] == nullptr) continue;
        for (int64_t j = columns; j < 2 * columns; j += 16) __builtin_prefetch(rows[i] + j, 0, 2);
    }
}

/// The first `count` of 16 numbers, and zeros.
CTORCH_LINES_INLINE __m512 some(const float *from, int64_t count) {
    if (count >= 16) return _mm512_loadu_ps(from);
    return count <= 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
}

CTORCH_LINES_INLINE __m512i some(const Piece *from, int64_t count) {
    if (count >= 32) return _mm512_loadu_si512(from);
    return _mm512_maskz_loadu_epi16(static_cast<__mmask32>((uint64_t{1} << count) - 1), from);
}

}  // namespace

bool tiles_are_present() {
    static const bool are_present = has_tiles() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && may_use_tiles();
    return are_present;
}

TileUnit::TileUnit() { configure(); }
TileUnit::~TileUnit() { release(); }

template <int64_t pieces>
CTORCH_LINES void tile_row(const float *from, int64_t count, Piece *to, int64_t step, int64_t piece) {
    for (; count > 0; count -= tile_depth) {
        if (count >= tile_depth) {
            Pieces<pieces>::of(_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16)).store(to, piece);
        } else {
            Pieces<pieces>::of(some(from, count), some(from + 16, count - 16)).store(to, piece);
        }
        from += tile_depth;
        to += step;
    }
}

template <int64_t pieces>
CTORCH_LINES void tile_row(const Piece *from, int64_t count, Piece *to, int64_t step, int64_t) {
    for (; count > 0; count -= tile_depth) {
        _mm512_storeu_si512(to, some(from, count));
        from += tile_depth;
        to += step;
    }
}

CTORCH_LINES void tile_row_of_lines(const Piece *lines, int64_t steps, int64_t pieces, Piece *to) {
    const int64_t count = steps * pieces;
    if (lines == nullptr) {
        for (int64_t i = 0; i < count; ++i) _mm512_storeu_si512(to + i * tile_numbers, _mm512_setzero_si512());
        return;
    }
    for (int64_t i = 0; i < count; ++i) {
        _mm512_storeu_si512(to + i * tile_numbers, _mm512_loadu_si512(lines + i * tile_depth));
    }
}

CTORCH_LINES void tile_of_rows(const float *const *rows, int64_t columns, Piece *to, int64_t piece) {
    fetch_next(rows, columns);
    for (int64_t first = 0; first < columns; first += 16) {
        Piece *line = to + first / 16 * tile_numbers;
        for (int64_t i = 0; i < tile_lines; ++i) {
            Pieces<pieces_of_gradients>::of(row_or_zeros(rows[i], first), row_or_zeros(rows[tile_lines + i], first))
                .store(line, piece);
            line += tile_depth;
        }
    }
}

namespace {

template <int64_t pieces>
CTORCH_LINES_INLINE void store_turned(const Pieces<pieces> rows[16], Piece *to, int64_t piece) {
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
        __m512i lines[16];
#pragma unroll
        for (int i = 0; i < 16; ++i) lines[i] = rows[i].lines[p];
        store_turned(lines, to + p * piece);
    }
}

}  // namespace

CTORCH_LINES void tile_of_columns(const float *const *rows, Piece *to) {
    fetch_next(rows, tile_lines);
    Pieces<pieces_of_gradients> lines[16];
    for (int64_t i = 0; i < tile_lines; ++i) {
        lines[i] = Pieces<pieces_of_gradients>::of(row_or_zeros(rows[i], 0), row_or_zeros(rows[tile_lines + i], 0));
    }
    store_turned(lines, to, tile_numbers);
}

template <int64_t pieces>
CTORCH_LINES void tile_of_weights(
    const float *rows, int64_t columns, int64_t stride, int64_t count, Piece *to, int64_t piece) {
    Pieces<pieces> lines[16];
    for (int64_t i = 0; i < tile_lines; ++i) {
        const int64_t known = i < columns ? count : 0;
        const float *row = rows + i * stride;
        lines[i] = Pieces<pieces>::of(some(row, known), some(row + 16, known - 16));
    }
    store_turned(lines, to, piece);
}

template <int64_t pieces>
CTORCH_LINES void tile_of_weights(
    const Piece *rows, int64_t columns, int64_t stride, int64_t count, Piece *to, int64_t) {
    __m512i lines[16];
    for (int64_t i = 0; i < tile_lines; ++i) {
        lines[i] = i < columns ? some(rows + i * stride, count) : _mm512_setzero_si512();
    }
    store_turned(lines, to);
}

namespace {

// Registers 0 to 3 hold sums, 4 and 5 the left factor, 6 and 7 the right one. Each piece of a factor stays while it meets
// as many pieces of the other as it can.

template <int rows>
CTORCH_TILES_INLINE void load_left(const Piece *tiles, int64_t next) {
    _tile_loadd(4, tiles, 64);
    if constexpr (rows == 2) _tile_loadd(5, tiles + next, 64);
}

template <int columns>
CTORCH_TILES_INLINE void load_right(const Piece *tiles) {
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
    const Piece *left = product.left, *right = product.right, *ahead = product.ahead;
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

CTORCH_LINES_INLINE __m512 values(const float *from) { return _mm512_loadu_ps(from); }

CTORCH_LINES_INLINE __m512 values(const Piece *from) {
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

CTORCH_LINES_INLINE void put(float *to, __m512 x) { _mm512_storeu_ps(to, x); }

/// Rounds to the nearest, ties to even; NaN stays NaN.
CTORCH_LINES_INLINE void put(Piece *to, __m512 x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded =
        _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    const __mmask16 is_nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i result = _mm512_mask_mov_epi32(rounded, is_nan, _mm512_set1_epi32(0x7fc0));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(to), _mm512_cvtepi32_epi16(result));
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

bool tiles_are_present() { return false; }
TileUnit::TileUnit() {}
TileUnit::~TileUnit() {}
template <int64_t pieces>
void tile_row(const float *, int64_t, Piece *, int64_t, int64_t) {}
template <int64_t pieces>
void tile_row(const Piece *, int64_t, Piece *, int64_t, int64_t) {}
void tile_row_of_lines(const Piece *, int64_t, int64_t, Piece *) {}
void tile_of_rows(const float *const *, int64_t, Piece *, int64_t) {}
void tile_of_columns(const float *const *, Piece *) {}
template <int64_t pieces>
void tile_of_weights(const float *, int64_t, int64_t, int64_t, Piece *, int64_t) {}
template <int64_t pieces>
void tile_of_weights(const Piece *, int64_t, int64_t, int64_t, Piece *, int64_t) {}
template <int64_t pieces>
void tile_product(const TileProduct &) {}
template <typename T>
void tile_store(const TileResult<T> &) {}
template <typename T>
void tile_prefetch(const TileResult<T> &) {}

#endif

template void tile_row<2>(const float *, int64_t, Piece *, int64_t, int64_t);
template void tile_row<3>(const float *, int64_t, Piece *, int64_t, int64_t);
template void tile_row<1>(const Piece *, int64_t, Piece *, int64_t, int64_t);
template void tile_of_weights<2>(const float *, int64_t, int64_t, int64_t, Piece *, int64_t);
template void tile_of_weights<3>(const float *, int64_t, int64_t, int64_t, Piece *, int64_t);
template void tile_of_weights<1>(const Piece *, int64_t, int64_t, int64_t, Piece *, int64_t);
template void tile_product<2>(const TileProduct &);
template void tile_product<1>(const TileProduct &);
template void tile_product<3>(const TileProduct &);
template void tile_store(const TileResult<float> &);
template void tile_store(const TileResult<Piece> &);
template void tile_prefetch(const TileResult<float> &);
template void tile_prefetch(const TileResult<Piece> &);

}  // namespace ctorch
