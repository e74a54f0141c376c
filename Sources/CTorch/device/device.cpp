// What the machine has: threads, the CPU's instructions, CUDA devices.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "CTorchCore.h"
#include "convolution/implicit_gemm.hpp"
#include "convolution/implicit_gemm_kernels.hpp"
#include "convolution/tile_unit.hpp"
#include "core/guard.hpp"

using namespace ctorch;

ct_status ct_set_thread_count(int32_t count) {
    return ct_guard([&] { at::set_num_threads(count); });
}
int32_t ct_thread_count(void) { return at::get_num_threads(); }
bool ct_cpu_has_vector_products(void) { return ctorch::gemm_is_fast(); }

bool ct_cpu_multiplies_bfloat16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

bool ct_uses_tile_unit(void) { return ctorch::uses_tiles(); }
void ct_allow_tile_unit(bool allowed) { ctorch::allow_tiles(allowed); }

int32_t ct_cuda_device_count(void) { return at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0; }
ct_status ct_cuda_synchronize(int32_t index) {
    return ct_guard([&] {
        if (at::hasCUDA()) at::detail::getCUDAHooks().deviceSynchronize(static_cast<c10::DeviceIndex>(index));
    });
}
