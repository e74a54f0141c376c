#include "normalized_sum_kernels.hpp"

#include <algorithm>

namespace ctorch {
namespace {

constexpr int64_t lanes = Vector<float>::count;
using Values = Lanes<float>;
typedef int32_t Words __attribute__((ext_vector_type(16)));
typedef uint32_t UnsignedWords __attribute__((ext_vector_type(16)));
typedef uint16_t Halves __attribute__((ext_vector_type(16)));

CTORCH_INLINE void load_values(Values &into, const float *from) { load(into, from); }

CTORCH_INLINE void load_values(Values &into, const Bfloat16Bits *from) {
    Halves halves;
    std::memcpy(&halves, from, sizeof halves);
    const UnsignedWords words = __builtin_convertvector(halves, UnsignedWords) << 16;
    std::memcpy(&into, &words, sizeof into);
}

CTORCH_INLINE void store_values(float *into, const Values &from) { store(into, from); }

/// Rounds to the nearest, ties to even; NaN stays NaN.
CTORCH_INLINE void store_values(Bfloat16Bits *into, const Values &from) {
    const UnsignedWords words = __builtin_bit_cast(UnsignedWords, from);
    const UnsignedWords rounded = (words + 0x7fff + ((words >> 16) & 1)) >> 16;
    const Words is_nan = from != from;
    const UnsignedWords nan = __builtin_bit_cast(UnsignedWords, is_nan);
    const Halves halves = __builtin_convertvector((rounded & ~nan) | (0x7fc0 & nan), Halves);
    std::memcpy(into, &halves, sizeof halves);
}

/// Zero where the mask's bits are not set.
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

/// In two readings, the second one from the cache: squares about anything but the mean lose digits, and no row is a safe
/// guess of it, because what comes from a ReLU has outliers.
template <typename T>
CTORCH_INLINE void moments(const T *x, int64_t rows, int64_t channels, float *means, float *squares) {
    add_up(x, rows, channels, means, [](Values &, int64_t) __attribute__((always_inline)) {});
    const float share = 1.f / static_cast<float>(rows);
    for (int64_t c = 0; c < channels; c += lanes) {
        Values mean;
        load(mean, means + c);
        mean *= share;
        store(means + c, mean);
    }
    add_up(x, rows, channels, squares, [=](Values &value, int64_t c) __attribute__((always_inline)) {
        Values mean;
        load(mean, means + c);
        value -= mean;
        value *= value;
    });
}

template <typename T>
CTORCH_INLINE void sum(
    const ForwardTerm<T> *terms, int64_t count, const float *bias, int64_t rows, int64_t channels, bool rectified,
    uint16_t *mask, T *out) {
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t start = row * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
            Values total;
            load(total, bias + c);
            for (int64_t i = 0; i < count; ++i) {
                Values value;
                load_values(value, terms[i].x + start + c);
                if (terms[i].scale != nullptr) {
                    Values scale;
                    load(scale, terms[i].scale + c);
                    if (terms[i].is_plain) total += value;
                    if (terms[i].centre != nullptr) {
                        Values centre;
                        load(centre, terms[i].centre + c);
                        value -= centre;
                    }
                    total += scale * value;
                } else {
                    total += value;
                }
            }
            if (rectified) {
                // NaN passes, as it does through libtorch's ReLU.
                const Words stays = ~(total <= 0);
                total = __builtin_bit_cast(Values, __builtin_bit_cast(Words, total) & stays);
                if (mask != nullptr) {
                    const auto bits = __builtin_convertvector(stays, Vector<float>::Mask);
                    mask[(start + c) / lanes] = __builtin_bit_cast(uint16_t, bits);
                }
            }
            store_values(out + start + c, total);
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
    for (int64_t row = 0; row < rows; row += together) {
        const int64_t n = std::min(together, rows - row);
        const int64_t start = row * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
            Values gradients[together];
            Values total;
            load(total, sums + c);
            for (int64_t j = 0; j < n; ++j) {
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
                for (int64_t j = 0; j < n; ++j) {
                    Values value;
                    load_values(value, terms[i].x + start + j * channels + c);
                    product += gradients[j] * (value - centre);
                }
                store(terms[i].sums + c, product);
            }
        }
    }
}

template <typename T>
CTORCH_INLINE void gradients(
    const T *g, const uint16_t *mask, const BackwardTerm<T> *terms, int64_t count, int64_t rows, int64_t channels) {
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t start = row * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
            Values gradient;
            load_values(gradient, g + start + c);
            if (mask != nullptr) apply_mask(gradient, mask[(start + c) / lanes]);
            for (int64_t i = 0; i < count; ++i) {
                const BackwardTerm<T> &term = terms[i];
                Values result = gradient;
                if (term.p != nullptr) {
                    Values p;
                    load(p, term.p + c);
                    result *= p;
                }
                if (term.q != nullptr) {
                    Values q, r, centre, value;
                    load(q, term.q + c);
                    load(r, term.r + c);
                    load(centre, term.centre + c);
                    load_values(value, term.x + start + c);
                    result += q * (value - centre) + r;
                }
                store_values(term.gradient + start + c, result);
            }
        }
    }
}

}  // namespace

#define CTORCH_DEFINE_NORMALIZED_SUM(T)                                                                               \
    CTORCH_CLONES void block_moments(const T *x, int64_t rows, int64_t channels, float *means, float *squares) {      \
        moments(x, rows, channels, means, squares);                                                                   \
    }                                                                                                                 \
    CTORCH_CLONES void block_sum(                                                                                     \
        const ForwardTerm<T> *terms, int64_t count, const float *bias, int64_t rows, int64_t channels, bool rectified, \
        uint16_t *mask, T *out) {                                                                                     \
        sum(terms, count, bias, rows, channels, rectified, mask, out);                                                \
    }                                                                                                                 \
    CTORCH_CLONES void block_reduce(                                                                                  \
        const T *g, const uint16_t *mask, const ReducedTerm<T> *terms, int64_t count, int64_t rows, int64_t channels, \
        float *sums) {                                                                                                \
        reduce(g, mask, terms, count, rows, channels, sums);                                                          \
    }                                                                                                                 \
    CTORCH_CLONES void block_gradients(                                                                               \
        const T *g, const uint16_t *mask, const BackwardTerm<T> *terms, int64_t count, int64_t rows,                  \
        int64_t channels) {                                                                                           \
        gradients(g, mask, terms, count, rows, channels);                                                             \
    }

CTORCH_DEFINE_NORMALIZED_SUM(float)
CTORCH_DEFINE_NORMALIZED_SUM(Bfloat16Bits)

}  // namespace ctorch
