#include "core/instructions.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "convolution/tile_unit.hpp"

namespace ctorch {
namespace {

Instructions find() {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Instructions::baseline;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw")) {
        return Instructions::avx2;
    }
    if (!__builtin_cpu_supports("avx512bf16")) return Instructions::avx512;
    return tiles_are_present() ? Instructions::amx : Instructions::avx512_bf16;
#else
    return Instructions::baseline;
#endif
}

/// A level, its name in `VERTEBRA_ISA`, and what libtorch, oneDNN and MKL call it.
struct Level {
    Instructions level;
    std::string_view name;
    const char *of_libtorch, *of_onednn, *of_mkl;
};

constexpr std::array<Level, 5> levels{{
    {Instructions::baseline, "baseline", "default", "SSE41", "SSE4_2"},
    {Instructions::avx2, "avx2", "avx2", "AVX2", "AVX2"},
    {Instructions::avx512, "avx512", "avx512", "AVX512_CORE", "AVX512"},
    {Instructions::avx512_bf16, "avx512_bf16", "avx512", "AVX512_CORE_BF16", "AVX512"},
    {Instructions::amx, "amx", nullptr, nullptr, nullptr},
}};

/// The level that `VERTEBRA_ISA` names. Another text is no limit; the command refuses it before anything is computed.
const Level *asked() {
    const char *text = std::getenv("VERTEBRA_ISA");
    if (text == nullptr) return nullptr;
    const auto found =
        std::find_if(levels.begin(), levels.end(), [=](const Level &level) { return level.name == text; });
    return found == levels.end() ? nullptr : found;
}

/// Before anything is computed, finds what this CPU has, and has the libraries below keep to the limit too: they read their
/// variables at their first call. What the user has set for one of them stays.
__attribute__((constructor)) void take_limit_from_environment() {
    const Level *level = asked();
    limit_instructions(level == nullptr ? Instructions::amx : level->level);
    if (level == nullptr || level->of_libtorch == nullptr) return;
    setenv("ATEN_CPU_CAPABILITY", level->of_libtorch, 0);
    setenv("ONEDNN_MAX_CPU_ISA", level->of_onednn, 0);
    setenv("MKL_ENABLE_INSTRUCTIONS", level->of_mkl, 0);
}

}  // namespace

Instructions present_instructions() {
    static const Instructions present = find();
    return present;
}

std::atomic<Instructions> used_instructions{Instructions::baseline};

void limit_instructions(Instructions most) { used_instructions = std::min(present_instructions(), most); }

}  // namespace ctorch
