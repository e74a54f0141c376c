// The operands of one operation of the simulated device, seen as the CPU's: so a kernel of the CPU computes for the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>
#include <vector>

#pragma GCC visibility push(hidden)

namespace simulated {

inline constexpr auto device_type = c10::DeviceType::PrivateUse1;

class Operands {
public:
    /// A tensor of the CPU over the memory of one of the device. A tensor of the CPU stays as it is where it is a number
    /// (without axes); any other belongs to the host, and a device can't read it.
    ///
    /// - Throws: `c10::Error`, which names the operation and the argument.
    at::Tensor on_cpu(const at::Tensor &tensor, const std::string &operation, const std::string &argument);

    /// The tensor of the device for a result of the kernel: the operand itself, a view of an operand, or a new one.
    at::Tensor on_device(const at::Tensor &result);

    /// Gives the device's operands the sizes and the memory that the kernel gave theirs.
    void take_over_sizes();

private:
    struct Pair {
        at::Tensor device, cpu;
        const void *address;
    };
    std::vector<Pair> pairs;
    /// Storages of the CPU by those of the device, and the other way round.
    std::unordered_map<const c10::StorageImpl *, c10::Storage> cpu_storages, device_storages;

    c10::Storage device_storage(const c10::Storage &storage);
};

}  // namespace simulated

#pragma GCC visibility pop
