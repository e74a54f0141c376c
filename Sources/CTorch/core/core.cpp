#include "core/guard.hpp"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randperm.h>

#include <c10/util/Logging.h>
#include <torch/headeronly/version.h>

#include <cstring>

namespace ctorch {

std::atomic<int64_t> live_handles{0};

namespace {
thread_local std::string last_error;

// libtorch walks and names the stack for every error it raises, which takes milliseconds and is never shown.
const bool stack_traces_are_off = [] {
    c10::SetStackTraceFetcher([]() -> std::string { return {}; });
    return true;
}();
}

void set_last_error(std::string message) noexcept { last_error = std::move(message); }

bool tells_of_memory(const char *message) noexcept {
    for (const char *words : {"can't allocate memory", "not enough memory", "out of memory", "STATUS_ALLOC_FAILED"})
        if (std::strstr(message, words) != nullptr) return true;
    return false;
}

at::ScalarType scalar_type(ct_dtype dtype) {
    switch (dtype) {
        case CT_FLOAT32: return at::kFloat;
        case CT_FLOAT64: return at::kDouble;
        case CT_BFLOAT16: return at::kBFloat16;
        case CT_FLOAT16: return at::kHalf;
        case CT_UINT8: return at::kByte;
        case CT_INT32: return at::kInt;
        case CT_INT64: return at::kLong;
        case CT_BOOL: return at::kBool;
        case CT_INT8: return at::kChar;
        case CT_INT16: return at::kShort;
    }
    TORCH_CHECK(false, "unknown data type code ", static_cast<int>(dtype));
}

ct_dtype dtype_of(at::ScalarType type) {
    switch (type) {
        case at::kFloat: return CT_FLOAT32;
        case at::kDouble: return CT_FLOAT64;
        case at::kBFloat16: return CT_BFLOAT16;
        case at::kHalf: return CT_FLOAT16;
        case at::kByte: return CT_UINT8;
        case at::kInt: return CT_INT32;
        case at::kLong: return CT_INT64;
        case at::kBool: return CT_BOOL;
        case at::kChar: return CT_INT8;
        case at::kShort: return CT_INT16;
        default: TORCH_CHECK(false, "tensors of type ", at::toString(type), " are not supported");
    }
}

at::Device device(int32_t index) {
    return index < 0 ? at::Device(at::kCPU) : at::Device(accelerator(), static_cast<at::DeviceIndex>(index));
}

at::MemoryFormat memory_format(ct_memory_format format) {
    switch (format) {
        case CT_CONTIGUOUS: return at::MemoryFormat::Contiguous;
        case CT_CHANNELS_LAST: return at::MemoryFormat::ChannelsLast;
        case CT_CHANNELS_LAST_3D: return at::MemoryFormat::ChannelsLast3d;
        case CT_PRESERVE: return at::MemoryFormat::Preserve;
    }
    TORCH_CHECK(false, "unknown memory format code ", static_cast<int>(format));
}

namespace {
at::TensorOptions options(ct_dtype dtype, int32_t index) {
    return at::TensorOptions().dtype(scalar_type(dtype)).device(device(index));
}
}  // namespace

}  // namespace ctorch

using namespace ctorch;

const char *ct_last_error(void) { return last_error.c_str(); }
const char *ct_version(void) { return TORCH_VERSION; }
const char *ct_loaded_version(void) {
    // The only word that libtorch's libraries have on this is among the settings of their build.
    static const std::string version = [] {
        std::string found = TORCH_VERSION;
        (void)ct_guard([&] {
            const std::string settings = at::show_config(), key = "TORCH_VERSION=";
            const size_t place = settings.find(key);
            if (place == std::string::npos) return;
            const size_t begin = place + key.size();
            found = settings.substr(begin, settings.find_first_of(", \n", begin) - begin);
        });
        return found;
    }();
    return version.c_str();
}
int64_t ct_live_handles(void) { return live_handles.load(std::memory_order_relaxed); }

void ct_tensor_release(ct_tensor tensor) {
    if (tensor == nullptr) return;
    live_handles.fetch_sub(1, std::memory_order_relaxed);
    delete tensor;
}

ct_status ct_from_bytes(
    const void *bytes, const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t index, ct_tensor *out) {
    return ct_guard([&] {
        auto tensor = at::empty(ints(shape, rank), options(dtype, -1));
        if (tensor.numel() > 0) std::memcpy(tensor.data_ptr(), bytes, tensor.nbytes());
        *out = wrap(index < 0 ? tensor : tensor.to(device(index)));
    });
}

ct_status ct_from_borrowed(
    void *bytes, const int64_t *shape, int32_t rank, ct_dtype dtype, void (*release)(void *), void *context,
    ct_tensor *out) {
    return ct_guard([&] {
        *out = wrap(at::from_blob(
            bytes, ints(shape, rank), [release, context](void *) { release(context); }, options(dtype, -1)));
    });
}

ct_status ct_empty(
    const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t index, ct_memory_format format, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::empty(ints(shape, rank), options(dtype, index), memory_format(format))); });
}
ct_status ct_full(const int64_t *shape, int32_t rank, ct_scalar value, ct_dtype dtype, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::full(ints(shape, rank), scalar(value), options(dtype, index))); });
}
ct_status ct_arange(ct_scalar start, ct_scalar end, ct_scalar step, ct_dtype dtype, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::arange(scalar(start), scalar(end), scalar(step), options(dtype, index))); });
}
ct_status ct_eye(int64_t size, ct_dtype dtype, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::eye(size, options(dtype, index))); });
}

ct_status ct_copy_out(ct_tensor tensor, ct_dtype dtype, void *destination, int64_t count) {
    return ct_guard([&] {
        TORCH_CHECK(
            tensor->value.numel() == count, "room for ", count, " elements, but the tensor holds ",
            tensor->value.numel());
        auto plain = tensor->value.detach().to(at::kCPU, scalar_type(dtype)).contiguous();
        if (count > 0) std::memcpy(destination, plain.const_data_ptr(), plain.nbytes());
    });
}
ct_status ct_data_pointer(ct_tensor tensor, void **out) {
    return ct_guard([&] {
        TORCH_CHECK(
            tensor->value.device().is_cpu(), "the elements of a tensor on ", tensor->value.device().str(),
            " have no address on the CPU");
        *out = tensor->value.data_ptr();
    });
}

int32_t ct_rank(ct_tensor tensor) { return static_cast<int32_t>(tensor->value.dim()); }
void ct_shape(ct_tensor tensor, int64_t *out) {
    for (auto size : tensor->value.sizes()) *out++ = size;
}
void ct_strides(ct_tensor tensor, int64_t *out) {
    for (auto stride : tensor->value.strides()) *out++ = stride;
}
int64_t ct_count(ct_tensor tensor) { return tensor->value.numel(); }
int32_t ct_dtype_of(ct_tensor tensor) {
    int32_t code = -1;
    (void)ct_guard([&] { code = dtype_of(tensor->value.scalar_type()); });
    return code;
}
int32_t ct_device_of(ct_tensor tensor) { return tensor->value.device().is_cpu() ? -1 : tensor->value.device().index(); }
bool ct_is_contiguous(ct_tensor tensor, ct_memory_format format) {
    bool answer = false;
    (void)ct_guard([&] { answer = tensor->value.is_contiguous(memory_format(format)); });
    return answer;
}
bool ct_is_same(ct_tensor a, ct_tensor b) { return a->value.is_same(b->value); }
int64_t ct_version_of(ct_tensor tensor) { return tensor->value._version(); }

ct_status ct_item(ct_tensor tensor, double *out) {
    return ct_guard([&] { *out = tensor->value.item().toDouble(); });
}
ct_status ct_item_int(ct_tensor tensor, int64_t *out) {
    return ct_guard([&] { *out = tensor->value.item().toLong(); });
}

ct_status ct_to_dtype(ct_tensor tensor, ct_dtype dtype, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(tensor->value.to(scalar_type(dtype))); });
}
ct_status ct_to_device(ct_tensor tensor, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(tensor->value.to(device(index))); });
}
ct_status ct_to_format(ct_tensor tensor, ct_memory_format format, ct_tensor *out) {
    return ct_guard(
        [&] { *out = wrap(tensor->value.to(tensor->value.options(), false, false, memory_format(format))); });
}
ct_status ct_contiguous(ct_tensor tensor, ct_memory_format format, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(tensor->value.contiguous(memory_format(format))); });
}
ct_status ct_clone(ct_tensor tensor, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(tensor->value.clone()); });
}

ct_status ct_seed(uint64_t seed) {
    return ct_guard([&] { at::manual_seed(seed); });
}
ct_status ct_seed_device(int32_t index, uint64_t seed) {
    return ct_guard([&] {
        auto generator = at::globalContext().defaultGenerator(device(index));
        std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_current_seed(seed);
    });
}
ct_status ct_random_state(ct_tensor *out) {
    return ct_guard([&] {
        auto generator = at::globalContext().defaultGenerator(at::kCPU);
        std::lock_guard<std::mutex> lock(generator.mutex());
        *out = wrap(generator.get_state());
    });
}
ct_status ct_set_random_state(ct_tensor state) {
    return ct_guard([&] {
        auto generator = at::globalContext().defaultGenerator(at::kCPU);
        std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_state(state->value);
    });
}
ct_status ct_rand(const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::rand(ints(shape, rank), options(dtype, index))); });
}
ct_status ct_randn(const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::randn(ints(shape, rank), options(dtype, index))); });
}
ct_status ct_randint(int64_t low, int64_t high, const int64_t *shape, int32_t rank, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::randint(low, high, ints(shape, rank), options(CT_INT64, index))); });
}
ct_status ct_randperm(int64_t count, int32_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::randperm(count, options(CT_INT64, index))); });
}
