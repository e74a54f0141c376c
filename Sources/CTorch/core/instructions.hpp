// The instruction sets of the CPU that this library has kernels for.
#pragma once

#include <atomic>
#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Levels of x86's instruction sets, each with all that the one before has.
enum class Instructions : int32_t {
    /// What every x86-64 has, and every other processor: convolutions are libtorch's.
    baseline = 0,
    /// AVX2 with fused multiply-add.
    avx2 = 1,
    /// AVX-512 with its parts F, VL, DQ and BW.
    avx512 = 2,
    /// AVX-512 with the dot product of bfloat16 pairs.
    avx512_bf16 = 3,
    /// The tile unit beside all of these, and the system's permission to use it.
    amx = 4,
};

extern std::atomic<Instructions> used_instructions;

/// The level that kernels may use: what this CPU has, below the limit.
inline Instructions instructions() { return used_instructions.load(std::memory_order_relaxed); }
/// The level of this CPU.
Instructions present_instructions();
/// Has kernels use no more than a level from now on. `VERTEBRA_ISA` sets the limit that a process begins with.
void limit_instructions(Instructions most);

inline bool has(Instructions level) { return instructions() >= level; }

}  // namespace ctorch

#pragma GCC visibility pop
