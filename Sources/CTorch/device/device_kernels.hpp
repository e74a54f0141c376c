// Kernels in CUDA C++ that are compiled on the machine on which they run, by the compiler that libtorch has with it (NVRTC). So
// nobody needs CUDA to build this package, and a GPU of any age gets code of its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Whether a device runs these kernels. The first question compiles them, which takes a second or two.
bool has_device_kernels(const at::Device &device);

/// The arguments of a kernel, in its order; they have to outlive the launch's call only.
class KernelArguments {
public:
    template <typename... T>
    explicit KernelArguments(const T &...arguments)
        : addresses{const_cast<void *>(static_cast<const void *>(&arguments))...} {}

    void *const *data() const { return addresses.data(); }

private:
    std::vector<void *> addresses;
};

/// Starts a kernel on the device's current stream, behind whatever was started there before.
///
/// - grid: how many blocks there are along each axis.
/// - block: how many threads a block has.
///
/// Throws `c10::Error` where the driver refuses.
void launch(
    const at::Device &device, const char *kernel, std::array<uint32_t, 3> grid, uint32_t block,
    const KernelArguments &arguments);

}  // namespace ctorch

#pragma GCC visibility pop
