// Runs the kernels for GPUs on the CPU: their text, compiled as C++. The threads of a block take turns; each runs until it waits for
// the others or ends.
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "CSimulatedDevice.h"
#include "counts.hpp"
#include "memory.hpp"

namespace simulated {
namespace {

struct Index {
    unsigned x, y, z;
};
Index threadIdx, blockIdx;

/// A thread of a block, and the one that gives it its turns.
constexpr size_t stack_size = 64 << 10;
ucontext_t scheduler;
const std::function<void()> *body = nullptr;

struct Thread {
    ucontext_t context{};
    std::unique_ptr<char[]> stack{new char[stack_size]};
    bool has_ended = false;
};
Thread *running = nullptr;

void wait_for_the_block() { swapcontext(&running->context, &scheduler); }

void run_thread() {
    (*body)();
    running->has_ended = true;
}

void run_block(uint32_t count, const std::function<void()> &kernel) {
    static std::vector<Thread> threads;
    if (threads.size() < count) threads.resize(count);
    body = &kernel;
    for (uint32_t i = 0; i < count; ++i) {
        Thread &thread = threads[i];
        thread.has_ended = false;
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = thread.stack.get();
        thread.context.uc_stack.ss_size = stack_size;
        thread.context.uc_link = &scheduler;
        makecontext(&thread.context, run_thread, 0);
    }
    for (bool are_left = true; are_left;) {
        are_left = false;
        for (uint32_t i = 0; i < count; ++i) {
            if (threads[i].has_ended) continue;
            threadIdx = {i, 0, 0};
            running = &threads[i];
            swapcontext(&scheduler, &running->context);
            are_left |= !threads[i].has_ended;
        }
    }
}

#define __device__
#define __global__
#define __shared__ static
#define __grid_constant__
#define __launch_bounds__(threads)
#define __syncthreads wait_for_the_block
using std::min;

float __uint_as_float(unsigned bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
unsigned __float_as_uint(float value) {
    unsigned bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

#define VERTEBRA_DEVICE_CODE(...) __VA_ARGS__
#include "../../Sources/CTorch/normalized_sum/device_sum_operands.inc"
#include "../../Sources/CTorch/normalized_sum/device_sum_kernels.inc"

// A kernel finds the device's memory elsewhere than the host sees it.
template <typename T>
T seen(const T &value) {
    if constexpr (std::is_pointer_v<T>) {
        return value == nullptr ? value : static_cast<T>(kernel_address(value));
    } else {
        return value;
    }
}
template <>
ChannelRows seen(const ChannelRows &rows) {
    return {seen(rows.first), rows.stride};
}
template <>
NormOperands seen(const NormOperands &norm) {
    NormOperands result = norm;
    result.weight = seen(norm.weight);
    result.bias = seen(norm.bias);
    result.running_mean = seen(norm.running_mean);
    result.running_variance = seen(norm.running_variance);
    return result;
}
template <>
SumOperands seen(const SumOperands &of) {
    SumOperands result = of;
    for (int t = 0; t < of.count; ++t) {
        result.x[t] = seen(of.x[t]);
        result.a[t] = seen(of.a[t]);
        result.b[t] = seen(of.b[t]);
    }
    return result;
}
template <>
ReductionOperands seen(const ReductionOperands &of) {
    ReductionOperands result = of;
    for (int t = 0; t < of.count; ++t) {
        result.x[t] = seen(of.x[t]);
        result.mean[t] = seen(of.mean[t]);
    }
    return result;
}
template <>
GradientOperands seen(const GradientOperands &of) {
    GradientOperands result = of;
    for (int t = 0; t < of.count; ++t) {
        result.x[t] = seen(of.x[t]);
        result.dx[t] = seen(of.dx[t]);
        result.p[t] = seen(of.p[t]);
        result.q[t] = seen(of.q[t]);
        result.r[t] = seen(of.r[t]);
    }
    return result;
}

using Runner = std::function<void(const uint32_t *grid, uint32_t block, void *const *arguments)>;

template <typename... A>
Runner runner(void (*kernel)(A...)) {
    return [kernel](const uint32_t *grid, uint32_t block, void *const *arguments) {
        [&]<size_t... I>(std::index_sequence<I...>) {
            const std::tuple<std::remove_const_t<A>...> values(
                seen(*static_cast<const std::remove_const_t<A> *>(arguments[I]))...);
            for (blockIdx.z = 0; blockIdx.z < grid[2]; ++blockIdx.z)
                for (blockIdx.y = 0; blockIdx.y < grid[1]; ++blockIdx.y)
                    for (blockIdx.x = 0; blockIdx.x < grid[0]; ++blockIdx.x)
                        run_block(block, [&] { kernel(std::get<I>(values)...); });
        }
        (std::index_sequence_for<A...>());
    };
}

}  // namespace
}  // namespace simulated

bool simulated_device_run_kernel(const char *name, const uint32_t *grid, uint32_t block, void *const *arguments) {
    using namespace simulated;
    static const std::unordered_map<std::string, Runner> kernels = {
        {"moments_float32", runner(moments_float32)},
        {"moments_bfloat16", runner(moments_bfloat16)},
        {"batch_factors", runner(batch_factors)},
        {"group_factors", runner(group_factors)},
        {"sum_float32", runner(sum_float32)},
        {"sum_bfloat16", runner(sum_bfloat16)},
        {"sums_float32", runner(sums_float32)},
        {"sums_bfloat16", runner(sums_bfloat16)},
        {"batch_gradients", runner(batch_gradients)},
        {"group_gradients", runner(group_gradients)},
        {"gradients_float32", runner(gradients_float32)},
        {"gradients_bfloat16", runner(gradients_bfloat16)},
    };
    const auto found = kernels.find(name);
    if (found == kernels.end()) return false;
    count_kernel(std::string("vertebra::") + name);
    found->second(grid, block, arguments);
    return true;
}
