// What every call of the C ABI needs: the handle, and the guard that no exception passes.
#pragma once

#if !__has_include(<ATen/ATen.h>)
#error "libtorch was not found: run tools/setup, then export PKG_CONFIG_PATH as it says"
#endif

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

struct ct_tensor_s {
    at::Tensor value;
};

namespace ctorch {

extern std::atomic<int64_t> live_handles;

void set_last_error(std::string message) noexcept;

inline ct_tensor wrap(at::Tensor tensor) {
    auto *handle = new ct_tensor_s{std::move(tensor)};
    live_handles.fetch_add(1, std::memory_order_relaxed);
    return handle;
}

/// The tensor of a handle, or none for null.
inline std::optional<at::Tensor> optional(ct_tensor handle) {
    if (handle == nullptr) return std::nullopt;
    return handle->value;
}

inline std::vector<at::Tensor> list(const ct_tensor *handles, int32_t count) {
    std::vector<at::Tensor> tensors;
    tensors.reserve(count);
    for (int32_t i = 0; i < count; ++i) tensors.push_back(handles[i]->value);
    return tensors;
}

inline at::IntArrayRef ints(const int64_t *values, int32_t count) {
    return at::IntArrayRef(values, static_cast<size_t>(count));
}

inline at::Scalar scalar(ct_scalar s) { return s.is_integer ? at::Scalar(s.integer) : at::Scalar(s.real); }

at::ScalarType scalar_type(ct_dtype dtype);
ct_dtype dtype_of(at::ScalarType type);
at::Device device(int32_t index);
/// The kind of the devices beside the CPU.
at::DeviceType accelerator();

/// Whether the operations of this library compute with a tensor by kernels of their own, which are the CPU's. Else they are
/// composed of libtorch's, which every device has.
bool is_native(const at::Tensor &tensor);

/// The path that a library has beside `libtorch_cpu.so`; empty where that is not loaded as a file of its own.
std::string path_beside_libtorch(const char *name);
at::MemoryFormat memory_format(ct_memory_format format);

/// The layout with the channels last of a map of two or three axes of space.
inline at::MemoryFormat channels_last_of(const at::Tensor &map) {
    return map.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

/// Whether libtorch's message of an error tells of memory that could not be had. It has a type of error for that on devices
/// only.
bool tells_of_memory(const char *message) noexcept;

}  // namespace ctorch

/// Runs `body` and turns any exception into a status and a message, which leaves out libtorch's backtrace.
template <typename Body>
ct_status ct_guard(Body &&body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::OutOfMemoryError &error) {
        ctorch::set_last_error(error.what_without_backtrace());
        return CT_OUT_OF_MEMORY;
    } catch (const c10::Error &error) {
        ctorch::set_last_error(error.what_without_backtrace());
        if (ctorch::tells_of_memory(error.what_without_backtrace())) return CT_OUT_OF_MEMORY;
    } catch (const std::bad_alloc &) {
        ctorch::set_last_error("the system gives no more memory");
        return CT_OUT_OF_MEMORY;
    } catch (const std::exception &error) {
        ctorch::set_last_error(error.what());
        if (ctorch::tells_of_memory(error.what())) return CT_OUT_OF_MEMORY;
    } catch (...) {
        ctorch::set_last_error("an exception of unknown type");
    }
    return 1;
}

#pragma GCC visibility pop
