#include "convolution/tile_unit.hpp"

#if defined(CTORCH_EMULATED_TILES)
#include "convolution/emulated_tiles.hpp"
#endif

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ctorch {

#if defined(CTORCH_EMULATED_TILES)
thread_local EmulatedTiles emulated_tiles;
#endif

#if defined(__x86_64__) && defined(__linux__)

namespace {

/// Asks Linux for the tile unit's registers, which a process gets only then.
bool may_use_tiles() {
#if defined(CTORCH_EMULATED_TILES)
    return true;
#endif
    constexpr long request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

bool has_tiles() {
#if defined(CTORCH_EMULATED_TILES)
    return true;
#endif
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
    constexpr unsigned bfloat16 = 1u << 22, tile = 1u << 24;
    return (d & bfloat16) != 0 && (d & tile) != 0;
}

struct alignas(64) TileConfiguration {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes_a_line[16] = {};
    uint8_t lines[16] = {};

    explicit TileConfiguration(int64_t rows) {
        constexpr int first_of_right_factor = 6;
        for (int i = 0; i < 8; ++i) {
            bytes_a_line[i] = 64;
            lines[i] = static_cast<uint8_t>(i < first_of_right_factor ? rows : tile_lines);
        }
    }
};

CTORCH_TILES void configure(int64_t rows) {
    const TileConfiguration configuration(rows);
#if defined(CTORCH_EMULATED_TILES)
    emulated_tiles.rows = rows;
#else
    _tile_loadconfig(&configuration);
#endif
}
CTORCH_TILES void release() {
#if !defined(CTORCH_EMULATED_TILES)
    _tile_release();
#endif
}

}  // namespace

bool tiles_are_present() {
    static const bool are_present = has_tiles() && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512bf16") && may_use_tiles();
    return are_present;
}

TileUnit::TileUnit(int64_t rows) { configure(rows); }
TileUnit::~TileUnit() { release(); }

#else

bool tiles_are_present() { return false; }
TileUnit::TileUnit(int64_t) {}
TileUnit::~TileUnit() {}

#endif

}  // namespace ctorch
