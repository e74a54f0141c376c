#pragma once

#include <cstdint>
#include <cstring>

#pragma GCC visibility push(hidden)

// The package is built for the oldest x86-64; a function marked with this is compiled for AVX-512, AVX2 and the
// baseline, and the fitting one is chosen when the program starts.
#if defined(__x86_64__)
#define CTORCH_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CTORCH_CLONES
#endif

// The parts of AVX-512 that hand-written kernels use, for a function's target.
#define CTORCH_AVX512_TARGET "avx512f,avx512vl,avx512dq,avx512bw"
#define CTORCH_AVX512 __attribute__((target(CTORCH_AVX512_TARGET), noinline))
#define CTORCH_AVX512_BF16 __attribute__((target(CTORCH_AVX512_TARGET ",avx512bf16"), noinline))
#define CTORCH_AVX512_INLINE inline __attribute__((target(CTORCH_AVX512_TARGET), always_inline))

#define CTORCH_INLINE inline __attribute__((always_inline))

namespace ctorch {

/// 64 bytes of numbers: one AVX-512 register, two of AVX2, four of SSE or NEON. Only ever a local variable of a function
/// marked `CTORCH_CLONES`, or of one inlined into it: the way it is passed depends on the instruction set.
template <typename T>
struct Vector;

template <>
struct Vector<float> {
    static constexpr int64_t count = 16;
    typedef float Lanes __attribute__((ext_vector_type(16)));
    typedef bool Mask __attribute__((ext_vector_type(16)));
    typedef uint16_t Bits;
};

template <>
struct Vector<double> {
    static constexpr int64_t count = 8;
    typedef double Lanes __attribute__((ext_vector_type(8)));
    typedef bool Mask __attribute__((ext_vector_type(8)));
    typedef uint8_t Bits;
};

template <typename T>
using Lanes = typename Vector<T>::Lanes;

template <typename T>
CTORCH_INLINE void load(Lanes<T> &into, const T *from) {
    std::memcpy(&into, from, sizeof into);
}

template <typename T>
CTORCH_INLINE void store(T *into, const Lanes<T> &from) {
    std::memcpy(into, &from, sizeof from);
}

/// bfloat16 as it lies in memory.
using Bfloat16Bits = uint16_t;
/// As many bfloat16 numbers as `Lanes<float>` has.
typedef Bfloat16Bits Halves __attribute__((ext_vector_type(16)));

CTORCH_INLINE void load_values(Lanes<float> &into, const float *from) { load(into, from); }

CTORCH_INLINE void load_values(Lanes<float> &into, const Bfloat16Bits *from) {
    typedef uint32_t Words __attribute__((ext_vector_type(16)));
    Halves halves;
    std::memcpy(&halves, from, sizeof halves);
    const Words words = __builtin_convertvector(halves, Words) << 16;
    std::memcpy(&into, &words, sizeof into);
}

/// Rounds to the nearest bfloat16, ties to even; NaN stays NaN.
CTORCH_INLINE void round_to_bfloat16(Halves &into, const Lanes<float> &from) {
    typedef uint32_t Words __attribute__((ext_vector_type(16)));
    const Words words = __builtin_bit_cast(Words, from);
    const Words rounded = (words + 0x7fff + ((words >> 16) & 1)) >> 16;
    const Words nan = __builtin_bit_cast(Words, from != from);
    into = __builtin_convertvector((rounded & ~nan) | (0x7fc0 & nan), Halves);
}

}  // namespace ctorch

#pragma GCC visibility pop
