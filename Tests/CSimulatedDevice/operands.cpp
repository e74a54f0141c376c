#include "operands.hpp"

#include <c10/core/CPUAllocator.h>

#include <cstring>

#include "counts.hpp"
#include "memory.hpp"

namespace simulated {
namespace {

at::Tensor tensor_over(c10::Storage storage, c10::DispatchKey key, const at::Tensor &like) {
    auto tensor = at::detail::make_tensor<at::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
    tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
    return tensor;
}

}  // namespace

at::Tensor Operands::on_cpu(const at::Tensor &tensor, const std::string &operation, const std::string &argument) {
    if (!tensor.defined()) return tensor;
    if (tensor.device().type() != device_type) {
        TORCH_CHECK(
            tensor.dim() == 0, operation, ": its argument ", argument, " ", tensor.sizes(),
            " is in the host's memory, the others are on the device");
        return tensor;
    }
    for (const auto &pair : pairs)
        if (pair.device.is_same(tensor)) return pair.cpu;
    auto *storage = tensor.storage().unsafeGetStorageImpl();
    auto known = cpu_storages.find(storage);
    if (known == cpu_storages.end()) {
        c10::Storage seen(
            c10::Storage::use_byte_size_t(), storage->nbytes(),
            c10::DataPtr(kernel_address(storage->data()), c10::Device(c10::DeviceType::CPU)), c10::GetCPUAllocator(),
            /*resizable=*/true);
        device_storages.emplace(seen.unsafeGetStorageImpl(), tensor.storage());
        known = cpu_storages.emplace(storage, std::move(seen)).first;
    }
    auto seen = tensor_over(known->second, c10::DispatchKey::CPU, tensor);
    if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) seen.unsafeGetTensorImpl()->set_wrapped_number(true);
    pairs.push_back({tensor, seen, seen.storage().data()});
    return seen;
}

c10::Storage Operands::device_storage(const c10::Storage &storage) {
    auto known = device_storages.find(storage.unsafeGetStorageImpl());
    if (known == device_storages.end()) {
        c10::Storage copy(
            c10::Storage::use_byte_size_t(), storage.nbytes(), allocator()->allocate(storage.nbytes()), allocator(),
            /*resizable=*/true);
        if (storage.nbytes() > 0) std::memcpy(kernel_address(copy.data()), storage.data(), storage.nbytes());
        known = device_storages.emplace(storage.unsafeGetStorageImpl(), std::move(copy)).first;
        // The key is the address of what must live as long.
        cpu_storages.emplace(known->second.unsafeGetStorageImpl(), storage);
    }
    return known->second;
}

at::Tensor Operands::on_device(const at::Tensor &result) {
    if (!result.defined() || result.device().type() == device_type) return result;
    for (const auto &pair : pairs)
        if (pair.cpu.is_same(result)) return pair.device;
    return tensor_over(device_storage(result.storage()), c10::DispatchKey::PrivateUse1, result);
}

void Operands::take_over_sizes() {
    for (auto &[device, cpu, address] : pairs) {
        if (cpu.storage().data() != address) {
            const auto nbytes = cpu.storage().nbytes();
            auto memory = allocator()->allocate(nbytes);
            if (nbytes > 0) std::memcpy(kernel_address(memory.get()), cpu.storage().data(), nbytes);
            auto *storage = device.storage().unsafeGetStorageImpl();
            storage->set_data_ptr_noswap(std::move(memory));
            storage->set_nbytes(nbytes);
            address = cpu.storage().data();
        }
        if (device.sizes() != cpu.sizes() || device.strides() != cpu.strides())
            device.unsafeGetTensorImpl()->set_sizes_and_strides(cpu.sizes(), cpu.strides(), cpu.storage_offset());
    }
}

}  // namespace simulated
