// What the machine has: threads, the CPU's instructions, other devices.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/DeviceType.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>

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

namespace {
std::atomic<bool> native_is_allowed{true};
}

bool ctorch::is_native(const at::Tensor &tensor) {
    return tensor.device().is_cpu() && native_is_allowed.load(std::memory_order_relaxed);
}
void ct_allow_native_operations(bool allowed) { native_is_allowed = allowed; }
bool ct_allows_native_operations(void) { return native_is_allowed; }

at::DeviceType ctorch::accelerator() {
    // A device that some library has brought to libtorch goes before CUDA's, as it does in PyTorch.
    return c10::is_privateuse1_backend_registered() && at::detail::getPrivateUse1Hooks().isAvailable()
        ? at::kPrivateUse1
        : at::kCUDA;
}

bool ct_has_accelerator(void) { return c10::impl::hasDeviceGuardImpl(ctorch::accelerator()); }
int32_t ct_device_count(void) {
    if (ctorch::accelerator() == at::kPrivateUse1) return at::detail::getPrivateUse1Hooks().deviceCount();
    return at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0;
}
ct_status ct_set_device_arithmetic(ct_device_arithmetic arithmetic) {
    return ct_guard([&] {
        at::Context &context = at::globalContext();
        context.setAllowTF32CuDNN(arithmetic.tf32_convolutions);
        context.setAllowTF32CuBLAS(arithmetic.tf32_products);
        context.setBenchmarkCuDNN(arithmetic.cudnn_benchmark);
    });
}

ct_device_arithmetic ct_current_device_arithmetic(void) {
    const at::Context &context = at::globalContext();
    return {context.allowTF32CuDNN(), context.allowTF32CuBLAS(), context.benchmarkCuDNN()};
}

ct_status ct_synchronize(int32_t index) {
    return ct_guard([&] {
        if (index < 0) return;
        c10::impl::VirtualGuardImpl(ctorch::accelerator()).synchronizeDevice(static_cast<c10::DeviceIndex>(index));
    });
}
