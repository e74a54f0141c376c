// What the machine has: threads, the CPU's instructions, other devices.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceType.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <typeinfo>

#include "CTorchCore.h"
#include "core/guard.hpp"
#include "core/instructions.hpp"

using namespace ctorch;

ct_status ct_set_thread_count(int32_t count) {
    return ct_guard([&] { at::set_num_threads(count); });
}
int32_t ct_thread_count(void) { return at::get_num_threads(); }
bool ct_cpu_multiplies_bfloat16(void) { return has(Instructions::avx512_bf16); }
int32_t ct_instructions(void) { return static_cast<int32_t>(instructions()); }
int32_t ct_present_instructions(void) { return static_cast<int32_t>(present_instructions()); }
void ct_limit_instructions(int32_t most) { limit_instructions(static_cast<Instructions>(most)); }

namespace {
std::atomic<bool> native_is_allowed{true};
}

bool ctorch::is_native(const at::Tensor &tensor) {
    return tensor.device().is_cpu() && native_is_allowed.load(std::memory_order_relaxed);
}
void ct_allow_native_operations(bool allowed) { native_is_allowed = allowed; }
bool ct_allows_native_operations(void) { return native_is_allowed; }

std::string ctorch::path_beside_libtorch(const char *name) {
    void *cpu = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
    if (cpu == nullptr) return {};
    link_map *place = nullptr;
    std::string path;
    if (dlinfo(cpu, RTLD_DI_LINKMAP, &place) == 0) path = place->l_name;
    dlclose(cpu);
    return path.substr(0, path.rfind('/') + 1) + name;
}

at::DeviceType ctorch::accelerator() {
    // A device that some library has brought to libtorch goes before CUDA's, as it does in PyTorch.
    return c10::is_privateuse1_backend_registered() && at::detail::getPrivateUse1Hooks().isAvailable()
        ? at::kPrivateUse1
        : at::kCUDA;
}

namespace {

/// Loads libtorch's library for CUDA from beside `libtorch_cpu.so`, unless it is loaded already or isn't there. The returned
/// text says why it can't be used, and is empty otherwise. A program that was linked with a libtorch for the CPU so computes
/// on a GPU where it runs with one for CUDA: the library brings its operations to libtorch as it is loaded.
const std::string &load_cuda() {
    static const std::string failure = [] {
        std::string failure;
        (void)ct_guard([&] {
            if (c10::impl::hasDeviceGuardImpl(at::kCUDA)) return;
            const std::string path = path_beside_libtorch("libtorch_cuda.so");
            if (path.empty() || access(path.c_str(), F_OK) != 0) return;
            // Its operations are found by name from then on, so it is never closed.
            if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
                const char *reason = dlerror();
                failure = reason == nullptr ? path + " can't be loaded" : reason;
                return;
            }
            // What libtorch found when it looked for CUDA first, it keeps.
            const at::CUDAHooksInterface &hooks = at::detail::getCUDAHooks();
            if (typeid(hooks) == typeid(at::CUDAHooksInterface)) {
                failure = path + " was loaded too late: ask for a device before random numbers are seeded";
            }
        });
        return failure;
    }();
    return failure;
}

/// A device's allocator, if it counts what is allocated.
c10::DeviceAllocator *allocator_that_counts(int32_t index) {
    if (index < 0) return nullptr;
    return dynamic_cast<c10::DeviceAllocator *>(c10::GetAllocator(ctorch::accelerator()));
}

}  // namespace

bool ct_has_accelerator(void) {
    load_cuda();
    return c10::impl::hasDeviceGuardImpl(ctorch::accelerator());
}
int32_t ct_device_count(void) {
    if (ctorch::accelerator() == at::kPrivateUse1) return at::detail::getPrivateUse1Hooks().deviceCount();
    load_cuda();
    return at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0;
}
const char *ct_accelerator_failure(void) { return load_cuda().c_str(); }

int64_t ct_peak_device_memory(int32_t index) {
    int64_t peak = -1;
    (void)ct_guard([&] {
        if (auto *counting = allocator_that_counts(index)) {
            const auto stats = counting->getDeviceStats(static_cast<c10::DeviceIndex>(index));
            peak = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
        }
    });
    return peak;
}
void ct_reset_peak_device_memory(int32_t index) {
    (void)ct_guard([&] {
        if (auto *counting = allocator_that_counts(index))
            counting->resetPeakStats(static_cast<c10::DeviceIndex>(index));
    });
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
