// The simulated device as libtorch knows it: its guard, its hooks and its types under autocast.
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>

#include "CSimulatedDevice.h"
#include "counts.hpp"
#include "memory.hpp"
#include "operands.hpp"
#include "streams.hpp"

namespace simulated {
namespace {

std::atomic<bool> shown{false};
const c10::Device only_device(device_type, 0);

struct Guard final : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override { return device_type; }
    c10::Device exchangeDevice(c10::Device) const override { return only_device; }
    c10::Device getDevice() const override { return only_device; }
    void setDevice(c10::Device) const override {}
    void uncheckedSetDevice(c10::Device) const noexcept override {}
    c10::Stream getStream(c10::Device) const override { return current_stream(); }
    c10::Stream getDefaultStream(c10::Device) const override { return computing_stream(); }
    c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override { return copying_stream(); }
    c10::Stream exchangeStream(c10::Stream stream) const override { return exchange_stream(stream); }
    // An event stands for all that was given to the copying stream before it.
    void record(void **event, const c10::Stream &stream, c10::DeviceIndex, c10::EventFlag) const override {
        static int copied;
        *event = stream == copying_stream() ? &copied : nullptr;
    }
    void block(void *event, const c10::Stream &) const override {
        if (event != nullptr) finish_copies();
    }
    bool queryEvent(void *) const override { return true; }
    bool queryStream(const c10::Stream &) const override { return true; }
    void synchronizeStream(const c10::Stream &) const override { wait(); }
    void synchronizeEvent(void *) const override { wait(); }
    void synchronizeDevice(c10::DeviceIndex) const override { wait(); }
    // The autograd engine makes its threads once for a process, whether the device is shown by then or not.
    c10::DeviceIndex deviceCount() const noexcept override { return 1; }

private:
    static void wait() {
        finish_copies();
        count_wait();
    }
};

struct Hooks final : at::PrivateUse1HooksInterface {
    bool isBuilt() const override { return true; }
    bool isAvailable() const override { return shown; }
    bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
    c10::DeviceIndex deviceCount() const override { return shown ? 1 : 0; }
    void setCurrentDevice(c10::DeviceIndex) const override {}
    c10::DeviceIndex getCurrentDevice() const override { return 0; }
    c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
    c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
    // Random numbers are drawn by the kernels of the CPU, from its generator: as many devices as one likes draw the same.
    const at::Generator &getDefaultGenerator(c10::DeviceIndex) const override {
        return at::globalContext().defaultGenerator(at::kCPU);
    }
    at::Device getDeviceFromPtr(void *) const override { return only_device; }
    at::Allocator *getPinnedMemoryAllocator() const override { return pinned_allocator(); }
    bool isPinnedPtr(const void *address) const override { return is_pinned(address); }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

const bool is_registered = [] {
    c10::register_privateuse1_backend("simulated");
    at::RegisterPrivateUse1HooksInterface(new Hooks());
    return true;
}();

}  // namespace
}  // namespace simulated

TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, library) { library.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
    // libtorch's macros are written for its own namespaces.
    using namespace at;
    using namespace at::autocast;
#define LOWER_PRECISION(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, lower_precision_fp)
#define FLOAT32(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32)
#define FLOAT32_OF_RESULT(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32_set_opt_dtype)
#define WIDEST(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, promote)
    AT_FORALL_LOWER_PRECISION_FP(LOWER_PRECISION)
    AT_FORALL_FP32(FLOAT32)
    AT_FORALL_FP32_SET_OPT_DTYPE(FLOAT32_OF_RESULT)
    AT_FORALL_DIFFERENT_REDISPATCH_SIGNATURE(KERNEL_DIFFERENT_REDISPATCH_SIGNATURE_PRIVATEUSEONE)
    AT_FORALL_PROMOTE(WIDEST)
}

void simulated_device_show(bool shown) {
    simulated::shown = shown;
    if (!shown) simulated::give_back_free_memory();
}

char *simulated_device_message_of_a_touch(int *signal) {
    const auto tensor = at::ones({4}, at::TensorOptions().device(simulated::only_device));
    const auto *byte = static_cast<const volatile char *>(tensor.const_data_ptr());
    int ends[2];
    if (pipe(ends) != 0) return strdup("");
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        simulated::end_at_once_on_a_touch();
        (void)*byte;
        _exit(0);
    }
    close(ends[1]);
    std::string message;
    char part[4096];
    for (ssize_t count; (count = read(ends[0], part, sizeof part)) > 0;) message.append(part, count);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return strdup(message.c_str());
}

simulated_arrivals simulated_device_arrivals(void) {
    const auto arrival = [](bool waits) {
        const auto pinned = at::ones({1}, at::TensorOptions().pinned_memory(true));
        const auto there = at::zeros({1}, at::TensorOptions().device(simulated::only_device));
        c10::Event end(simulated::device_type);
        {
            const c10::StreamGuard on(simulated::copying_stream());
            there.copy_(pinned, /*non_blocking=*/true);
            end.record(simulated::copying_stream());
        }
        if (waits) end.block(simulated::computing_stream());
        const float found = (there + 0).item<float>();
        simulated::finish_copies();
        return found;
    };
    return {arrival(true), arrival(false)};
}

char *simulated_device_message_of_a_missing_transfer(void) {
    try {
        const auto rows = at::ones({2}, at::TensorOptions().device(simulated::only_device));
        const auto chosen = rows.index_select(0, at::zeros({2}, at::kLong));
        return strdup("");
    } catch (const c10::Error &error) {
        return strdup(error.what_without_backtrace());
    }
}
