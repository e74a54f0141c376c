// Copies of the host's tensors to a device that the host does not wait for.
#include <ATen/ops/empty.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <mutex>
#include <unordered_map>

#include "CTorchCore.h"
#include "core/guard.hpp"

namespace {

/// Elements of every type begin at a multiple of this.
constexpr int64_t alignment = 64;

/// A tensor's place in the bytes that travel.
struct Place {
    int64_t offset, bytes;
};

/// The elements at a place, as a tensor of the type and the shape of `like`, which has no gaps, and with its order in memory.
at::Tensor elements(const at::Tensor &packed, const Place &place, const at::Tensor &like) {
    const at::Tensor flat = packed.narrow(0, place.offset, place.bytes).view(like.scalar_type());
    return flat.as_strided(like.sizes(), like.strides(), flat.storage_offset());
}

/// Memory of the host that a device reads by itself; where the system has none of it left, memory of the usual kind, whose
/// copy the host waits for.
at::Tensor bytes_for_a_device(int64_t count) {
    try {
        return at::empty({count}, at::TensorOptions(at::kByte).pinned_memory(true));
    } catch (const c10::Error &) {
        return at::empty({count}, at::kByte);
    }
}

/// The stream of a device on which copies run while it computes.
c10::Stream copying_stream(const c10::impl::VirtualGuardImpl &guard, c10::Device device) {
    static std::mutex mutex;
    static auto *const streams = new std::unordered_map<c10::Device, c10::Stream>();
    const std::lock_guard lock(mutex);
    const auto known = streams->find(device);
    if (known != streams->end()) return known->second;
    return streams->emplace(device, guard.getStreamFromGlobalPool(device, false)).first->second;
}

/// The bytes on the device. What is computed there from now on waits for them; what was queued before does not.
at::Tensor copied_beside(const at::Tensor &packed, c10::Device device) {
    const c10::impl::VirtualGuardImpl guard(device.type());
    const c10::Stream computing = guard.getStream(device);
    const c10::Stream copying = copying_stream(guard, device);
    c10::Event end(device.type());
    at::Tensor there;
    {
        const c10::StreamGuard on(copying);
        there = packed.to(device, /*non_blocking=*/true);
        end.record(copying);
    }
    end.block(computing);
    // The memory is the copying stream's, and must not be used again before the computing one is done with it.
    there.record_stream(computing);
    return there;
}

}  // namespace

ct_status ct_upload(const ct_tensor *tensors, int32_t count, int32_t index, ct_tensor *out) {
    return ct_guard([&] {
        std::vector<at::Tensor> list = ctorch::list(tensors, count);
        std::vector<Place> places;
        int64_t size = 0;
        for (auto &tensor : list) {
            TORCH_CHECK(tensor.device().is_cpu(), "only tensors of the CPU are uploaded, not one of ", tensor.device());
            if (!tensor.is_non_overlapping_and_dense()) tensor = tensor.contiguous();
            const auto bytes = static_cast<int64_t>(tensor.nbytes());
            places.push_back({size, bytes});
            size += (bytes + alignment - 1) / alignment * alignment;
        }
        const at::Tensor packed = bytes_for_a_device(size);
        for (size_t i = 0; i < list.size(); ++i) elements(packed, places[i], list[i]).copy_(list[i].detach());
        const at::Tensor there = copied_beside(packed, ctorch::device(index));
        for (size_t i = 0; i < list.size(); ++i) out[i] = ctorch::wrap(elements(there, places[i], list[i]));
    });
}
