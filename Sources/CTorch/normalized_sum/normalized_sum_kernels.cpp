#include "normalized_sum/normalized_sum_kernels.hpp"

#include <algorithm>
#include <atomic>
#include <type_traits>

namespace ctorch {
namespace {

constexpr int64_t lanes = Vector<float>::count;
using Values = Lanes<float>;
typedef int32_t Words __attribute__((ext_vector_type(16)));

template <Store way, typename T, typename V>
CTORCH_INLINE void put(T *into, const V &values) {
    if constexpr (way == Store::past_cache) {
        __builtin_nontemporal_store(values, reinterpret_cast<V *>(into));
    } else {
        std::memcpy(into, &values, sizeof values);
    }
}

template <Store way>
CTORCH_INLINE void store_values(float *into, const Values &from) {
    put<way>(into, from);
}

template <Store way>
CTORCH_INLINE void store_values(Bfloat16Bits *into, const Values &from) {
    Halves halves;
    round_to_bfloat16(halves, from);
    put<way>(into, halves);
}

/// Sets values to zero where the mask's bits are not set.
CTORCH_INLINE void apply_mask(Values &values, uint16_t bits) {
    const auto mask = __builtin_bit_cast(Vector<float>::Mask, bits);
    const Words pass = -__builtin_convertvector(mask, Words);
    values = __builtin_bit_cast(Values, __builtin_bit_cast(Words, values) & pass);
}

constexpr int64_t together = 4;

/// Adds up what `term` makes of every row, `[channels]`; a few rows at a time, which is faster and rounds less.
template <typename T, typename Body>
CTORCH_INLINE void add_up(const T *x, int64_t rows, int64_t channels, float *sums, const Body &term) {
    for (int64_t c = 0; c < channels; c += lanes) {
        const Values zero = {};
        store(sums + c, zero);
    }
    for (int64_t row = 0; row < rows; row += together) {
        const int64_t n = std::min(together, rows - row);
        const T *start = x + row * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
            Values few = {}, sum;
            for (int64_t i = 0; i < n; ++i) {
                Values value;
                load_values(value, start + i * channels + c);
                term(value, c);
                few += value;
            }
            load(sum, sums + c);
            sum += few;
            store(sums + c, sum);
        }
    }
}

/// Reads the block twice, the second time from the cache: squares of distances from anything but the mean lose digits,
/// and no row is a safe guess of the mean, because what comes from a ReLU has outliers.
template <typename T>
CTORCH_INLINE void moments(const T *x, int64_t rows, int64_t channels, float *means, float *squares) {
    add_up(x, rows, channels, means, [](Values &, int64_t) __attribute__((always_inline)){});
    const float share = 1.f / static_cast<float>(rows);
    for (int64_t c = 0; c < channels; c += lanes) {
        Values mean;
        load(mean, means + c);
        mean *= share;
        store(means + c, mean);
    }
    add_up(
        x, rows, channels, squares, [=](Values & value, int64_t c) __attribute__((always_inline)) {
            Values mean;
            load(mean, means + c);
            value -= mean;
            value *= value;
        });
}

/// Calls `body` with the number of addends, as a constant where it is a common one: their pointers then stay in registers.
template <typename Body>
CTORCH_INLINE void with_count(int64_t count, const Body &body) {
    switch (count) {
        case 1: return body(std::integral_constant<int64_t, 1>());
        case 2: return body(std::integral_constant<int64_t, 2>());
        case 3: return body(std::integral_constant<int64_t, 3>());
        case 4: return body(std::integral_constant<int64_t, 4>());
        default: return body(count);
    }
}

/// Calls `body(rows, row)` for all rows, `most` at a time: what holds for a channel is then loaded once for all of them.
template <int64_t most, typename Body>
CTORCH_INLINE void for_each_rows(int64_t rows, const Body &body) {
    int64_t row = 0;
    for (; row + most <= rows; row += most) body(std::integral_constant<int64_t, most>(), row);
    for (; row < rows; ++row) body(std::integral_constant<int64_t, 1>(), row);
}

template <Store way, typename T, typename Count, typename Rows>
CTORCH_INLINE void combine_rows(
    const Addend<T> *addends, Count count, const float *bias, Rectifier rectifier, Rows, int64_t start,
    int64_t channels, T *out) {
    constexpr int64_t rows = Rows::value;
    for (int64_t c = 0; c < channels; c += lanes) {
        Values totals[rows];
        for (int64_t j = 0; j < rows; ++j) load(totals[j], bias + c);
        for (int64_t i = 0; i < count; ++i) {
            const Addend<T> &addend = addends[i];
            Values scale;
            load(scale, addend.scale + c);
            for (int64_t j = 0; j < rows; ++j) {
                const int64_t at = start + j * channels + c;
                Values value;
                load_values(value, addend.x + at);
                if (addend.mask != nullptr) apply_mask(value, addend.mask[at / lanes]);
                totals[j] += scale * value;
            }
        }
        for (int64_t j = 0; j < rows; ++j) {
            const int64_t at = start + j * channels + c;
            if (rectifier.is_on) {
                // NaN passes, as it does through libtorch's ReLU.
                const Words stays = ~(totals[j] <= 0);
                totals[j] = __builtin_bit_cast(Values, __builtin_bit_cast(Words, totals[j]) & stays);
                if (rectifier.passed != nullptr) {
                    const auto bits = __builtin_convertvector(stays, Vector<float>::Mask);
                    rectifier.passed[at / lanes] = __builtin_bit_cast(uint16_t, bits);
                }
            }
            if (rectifier.passes != nullptr) apply_mask(totals[j], rectifier.passes[at / lanes]);
            store_values<way>(out + at, totals[j]);
        }
    }
}

template <Store way, typename T>
CTORCH_INLINE void combine(
    const Addend<T> *addends, int64_t count, const float *bias, Rectifier rectifier, int64_t rows, int64_t channels,
    T *out) {
    with_count(
        count, [=](auto count) __attribute__((always_inline)) {
            for_each_rows<way == Store::in_cache ? together : 1>(
                rows, [=](auto few, int64_t row) __attribute__((always_inline)) {
                    combine_rows<way>(addends, count, bias, rectifier, few, row * channels, channels, out);
                });
        });
}

template <typename T, typename Count, typename Rows>
CTORCH_INLINE void reduce_rows(
    const T *g, const uint16_t *mask, const ReducedTerm<T> *terms, Count count, Rows, int64_t start, int64_t channels,
    float *sums) {
    constexpr int64_t rows = Rows::value;
    for (int64_t c = 0; c < channels; c += lanes) {
        Values gradients[rows];
        Values total;
        load(total, sums + c);
        for (int64_t j = 0; j < rows; ++j) {
            const int64_t at = start + j * channels + c;
            load_values(gradients[j], g + at);
            if (mask != nullptr) apply_mask(gradients[j], mask[at / lanes]);
            total += gradients[j];
        }
        store(sums + c, total);
        for (int64_t i = 0; i < count; ++i) {
            Values product, centre;
            load(product, terms[i].sums + c);
            load(centre, terms[i].centre + c);
            for (int64_t j = 0; j < rows; ++j) {
                Values value;
                load_values(value, terms[i].x + start + j * channels + c);
                product += gradients[j] * (value - centre);
            }
            store(terms[i].sums + c, product);
        }
    }
}

template <typename T>
CTORCH_INLINE void reduce(
    const T *g, const uint16_t *mask, const ReducedTerm<T> *terms, int64_t count, int64_t rows, int64_t channels,
    float *sums) {
    const Values zero = {};
    for (int64_t c = 0; c < channels; c += lanes) {
        store(sums + c, zero);
        for (int64_t i = 0; i < count; ++i) store(terms[i].sums + c, zero);
    }
    with_count(
        count, [=](auto count) __attribute__((always_inline)) {
            for_each_rows<together>(
                rows, [=](auto few, int64_t row) __attribute__((always_inline)) {
                    reduce_rows(g, mask, terms, count, few, row * channels, channels, sums);
                });
        });
}

}  // namespace

#define CTORCH_DEFINE_NORMALIZED_SUM(T) \
    CTORCH_CLONES void block_moments(const T *x, int64_t rows, int64_t channels, float *means, float *squares) { \
        moments(x, rows, channels, means, squares); \
    } \
    CTORCH_CLONES void block_combine( \
        const Addend<T> *addends, int64_t count, const float *bias, Rectifier rectifier, int64_t rows, \
        int64_t channels, Store way, T *out) { \
        switch (way) { \
            case Store::in_cache: \
                return combine<Store::in_cache>(addends, count, bias, rectifier, rows, channels, out); \
            case Store::in_order: \
                return combine<Store::in_order>(addends, count, bias, rectifier, rows, channels, out); \
            case Store::past_cache: \
                combine<Store::past_cache>(addends, count, bias, rectifier, rows, channels, out); \
                /* Such stores are not in the order of others, which tell the next thread that the block is done. */ \
                std::atomic_thread_fence(std::memory_order_seq_cst); \
        } \
    } \
    CTORCH_CLONES void block_reduce( \
        const T *g, const uint16_t *mask, const ReducedTerm<T> *terms, int64_t count, int64_t rows, int64_t channels, \
        float *sums) { \
        reduce(g, mask, terms, count, rows, channels, sums); \
    }

CTORCH_DEFINE_NORMALIZED_SUM(float)
CTORCH_DEFINE_NORMALIZED_SUM(Bfloat16Bits)

}  // namespace ctorch
