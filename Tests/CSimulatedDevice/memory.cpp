#include "memory.hpp"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceType.h>
#include <c10/util/Exception.h>

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "CSimulatedDevice.h"

namespace simulated {
namespace {

constexpr size_t size_of_memory = size_t{1} << 36;
constexpr size_t granule = 256;
/// Freed blocks of at least this size go back to the system at once, others when they are asked to.
constexpr size_t returned_from = size_t{1} << 28;

struct Memory {
    int file = -1;
    char *host_view = nullptr;
    char *kernel_view = nullptr;
    std::mutex mutex;
    /// Free blocks, their offset and size; no two of them touch.
    std::map<size_t, size_t> free_blocks{{0, size_of_memory}};
    std::map<size_t, size_t> used_blocks;
    size_t in_use = 0;
    size_t most_in_use = 0;
    struct sigaction previous = {};

    Memory() {
        file = memfd_create("simulated-device", MFD_CLOEXEC);
        TORCH_CHECK(file >= 0 && ftruncate(file, size_of_memory) == 0, "the simulated device has no memory");
        host_view = static_cast<char *>(mmap(nullptr, size_of_memory, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file, 0));
        kernel_view = static_cast<char *>(
            mmap(nullptr, size_of_memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0));
        TORCH_CHECK(
            host_view != MAP_FAILED && kernel_view != MAP_FAILED, "the simulated device's memory can't be mapped");
    }

    bool holds(const void *address) const {
        const auto *byte = static_cast<const char *>(address);
        return byte >= host_view && byte < host_view + size_of_memory;
    }

    char *allocate(size_t bytes) {
        const size_t size = (bytes + granule - 1) / granule * granule;
        const std::lock_guard lock(mutex);
        for (auto block = free_blocks.begin(); block != free_blocks.end(); ++block) {
            if (block->second < size) continue;
            const auto [offset, rest] = std::pair(block->first, block->second - size);
            free_blocks.erase(block);
            if (rest > 0) free_blocks.emplace(offset + size, rest);
            used_blocks.emplace(offset, size);
            in_use += size;
            most_in_use = std::max(most_in_use, in_use);
            return host_view + offset;
        }
        TORCH_CHECK_WITH(OutOfMemoryError, false, "the simulated device is out of memory: ", bytes, " bytes");
    }

    void give_back(size_t offset, size_t size) {
        (void)fallocate(
            file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(size));
    }

    void free(char *address) {
        const std::lock_guard lock(mutex);
        auto used = used_blocks.find(address - host_view);
        TORCH_INTERNAL_ASSERT(used != used_blocks.end());
        auto [offset, size] = *used;
        used_blocks.erase(used);
        in_use -= size;
        if (size >= returned_from) give_back(offset, size);
        auto next = free_blocks.lower_bound(offset);
        if (next != free_blocks.end() && offset + size == next->first) {
            size += next->second;
            next = free_blocks.erase(next);
        }
        if (next != free_blocks.begin()) {
            auto before = std::prev(next);
            if (before->first + before->second == offset) {
                before->second += size;
                return;
            }
        }
        free_blocks.emplace(offset, size);
    }
};

void on_fault(int signal, siginfo_t *information, void *context);

Memory &memory() {
    // Never destroyed: tensors may outlive whatever is destroyed at the process's end.
    static auto *only = [] {
        auto *memory = new Memory();
        struct sigaction action = {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGSEGV, &action, &memory->previous);
        return memory;
    }();
    return *only;
}

/// Says that the host touched the device's memory, and from where; then the process ends as it would have without this.
void on_fault(int, siginfo_t *information, void *) {
    auto &device = memory();
    if (device.holds(information->si_addr)) {
        char line[120];
        const int length = snprintf(
            line, sizeof line, "The host touched memory of the simulated device, byte %zu of it, here:\n",
            static_cast<size_t>(static_cast<char *>(information->si_addr) - device.host_view));
        (void)!write(STDERR_FILENO, line, length);
        void *frames[64];
        backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    }
    sigaction(SIGSEGV, &device.previous, nullptr);
}

void release(void *address) {
    if (address != nullptr) memory().free(static_cast<char *>(address));
}

struct DeviceAllocator final : c10::DeviceAllocator {
    c10::DataPtr allocate(size_t bytes) override {
        void *address = bytes == 0 ? nullptr : memory().allocate(bytes);
        return {address, address, &release, c10::Device(c10::DeviceType::PrivateUse1, 0)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *destination, const void *source, size_t bytes) const override {
        std::memcpy(kernel_address(destination), kernel_address(source), bytes);
    }

    bool initialized() override { return true; }
    void emptyCache(c10::MempoolId_t) override {}
    void recordStream(const c10::DataPtr &, c10::Stream) override {}
    c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override {
        auto &device = memory();
        const std::lock_guard lock(device.mutex);
        c10::CachingDeviceAllocator::DeviceStats stats;
        auto &all = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
        all.current = static_cast<int64_t>(device.in_use);
        all.peak = static_cast<int64_t>(device.most_in_use);
        return stats;
    }
    void resetAccumulatedStats(c10::DeviceIndex) override {}
    void resetPeakStats(c10::DeviceIndex) override {
        auto &device = memory();
        const std::lock_guard lock(device.mutex);
        device.most_in_use = device.in_use;
    }
};

/// Memory of the CPU, with its bounds kept while it is used.
struct PinnedAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t bytes) override {
        auto *address = static_cast<char *>(std::malloc(std::max<size_t>(bytes, 1)));
        TORCH_CHECK(address != nullptr, "the host is out of memory");
        const std::lock_guard lock(mutex());
        blocks().emplace(address, bytes);
        return {address, address, &release, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *destination, const void *source, size_t bytes) const override {
        std::memcpy(destination, source, bytes);
    }

    static bool holds(const void *address) {
        const auto *byte = static_cast<const char *>(address);
        const std::lock_guard lock(mutex());
        const auto next = blocks().upper_bound(byte);
        if (next == blocks().begin()) return false;
        const auto &[start, bytes] = *std::prev(next);
        return byte < start + std::max<size_t>(bytes, 1);
    }

private:
    static std::mutex &mutex() {
        static auto *only = new std::mutex();
        return *only;
    }
    static std::map<const char *, size_t> &blocks() {
        static auto *only = new std::map<const char *, size_t>();
        return *only;
    }
    static void release(void *address) {
        {
            const std::lock_guard lock(mutex());
            blocks().erase(static_cast<const char *>(address));
        }
        std::free(address);
    }
};

}  // namespace

c10::Allocator *allocator() {
    static DeviceAllocator only;
    return &only;
}

c10::Allocator *pinned_allocator() {
    static PinnedAllocator only;
    return &only;
}

bool is_pinned(const void *address) { return PinnedAllocator::holds(address); }

namespace {
/// What asks libtorch for the allocator of a kind of device finds this one.
const bool allocator_is_known = [] {
    c10::SetAllocator(c10::DeviceType::PrivateUse1, allocator());
    return true;
}();
}  // namespace

void *kernel_address(const void *address) {
    if (address == nullptr) return nullptr;
    auto &device = memory();
    TORCH_CHECK(device.holds(address), "an address of the simulated device is not in its memory");
    return device.kernel_view + (static_cast<const char *>(address) - device.host_view);
}

int64_t memory_in_use() {
    auto &device = memory();
    const std::lock_guard lock(device.mutex);
    return static_cast<int64_t>(device.in_use);
}

void give_back_free_memory() {
    auto &device = memory();
    const std::lock_guard lock(device.mutex);
    for (const auto &[offset, size] : device.free_blocks) device.give_back(offset, size);
}

void end_at_once_on_a_touch() {
    memory().previous = {};
    memory().previous.sa_handler = SIG_DFL;
}

}  // namespace simulated

int64_t simulated_device_memory(void) { return simulated::memory_in_use(); }
