// The operations that the simulated device has kernels of its own for: those that make and copy its tensors, convolutions,
// and what libtorch would compose by itself without asking the device.
#include <ATen/EmptyTensor.h>
#include <ATen/ops/_local_scalar_dense.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/div.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/result_type.h>
#include <c10/core/DispatchKeySet.h>
#include <torch/library.h>

#include <atomic>
#include <tuple>

#include "CSimulatedDevice.h"
#include "counts.hpp"
#include "fallback.hpp"
#include "memory.hpp"
#include "operands.hpp"
#include "streams.hpp"

namespace simulated {
namespace {

const c10::DispatchKeySet device_key(c10::DispatchKey::PrivateUse1);

at::Tensor empty(
    at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>, std::optional<at::Device>,
    std::optional<bool>, std::optional<at::MemoryFormat> format) {
    return at::detail::empty_generic(size, allocator(), device_key, c10::dtype_or_default(type), format);
}

at::Tensor empty_strided(
    at::IntArrayRef size, at::IntArrayRef strides, std::optional<at::ScalarType> type, std::optional<at::Layout>,
    std::optional<at::Device>, std::optional<bool>) {
    return at::detail::empty_strided_generic(size, strides, allocator(), device_key, c10::dtype_or_default(type));
}

/// The tensor as the CPU's kernel of a copy sees it: a copy is the one operation that takes tensors of both sides.
at::Tensor seen(Operands &operands, const at::Tensor &tensor) {
    return tensor.device().type() == device_type ? operands.on_cpu(tensor, "aten::_copy_from", "self") : tensor;
}

void copy_now(const at::Tensor &source, const at::Tensor &destination) {
    Operands operands;
    seen(operands, destination).copy_(seen(operands, source));
}

at::Tensor copy_from(const at::Tensor &source, const at::Tensor &destination, bool non_blocking) {
    count_kernel("aten::_copy_from");
    if (source.device().type() != device_type) {
        count_upload();
        // A device reads by itself what lies in pinned memory; of other memory the host makes the copy.
        const bool by_itself = non_blocking && source.is_pinned();
        if (by_itself && current_stream() == copying_stream()) {
            do_later([source, destination] { copy_now(source, destination); });
            return destination;
        }
        if (!by_itself) count_wait();
    }
    if (destination.device().type() != device_type) count_download();
    copy_now(source, destination);
    return destination;
}

/// Memory goes back to the device at once, which computes in order: there is nothing to remember.
void record_stream(at::Tensor &, c10::Stream) {}

at::Tensor copy_from_and_resize(const at::Tensor &source, const at::Tensor &destination) {
    destination.resize_(source.sizes());
    return copy_from(source, destination, false);
}

at::Scalar local_scalar(const at::Tensor &tensor) {
    count_kernel("aten::_local_scalar_dense");
    count_download();
    Operands operands;
    return at::_local_scalar_dense(operands.on_cpu(tensor, "aten::_local_scalar_dense", "self"));
}

at::Tensor convolution(
    const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias, at::IntArrayRef stride,
    at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding,
    int64_t groups) {
    const char *name = "aten::convolution_overrideable";
    count_kernel(name);
    Operands operands;
    std::optional<at::Tensor> bias_on_cpu;
    if (bias && bias->defined()) bias_on_cpu = operands.on_cpu(*bias, name, "bias");
    return operands.on_device(at::convolution(
        operands.on_cpu(input, name, "input"), operands.on_cpu(weight, name, "weight"), bias_on_cpu, stride, padding,
        dilation, transposed, output_padding, groups));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor &gradient, const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride,
    at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding, int64_t groups,
    std::array<bool, 3> mask) {
    const char *name = "aten::convolution_backward_overrideable";
    count_kernel(name);
    Operands operands;
    const std::array<int64_t, 1> bias_size = {gradient.size(1)};
    const auto [x, w, b] = at::convolution_backward(
        operands.on_cpu(gradient, name, "grad_output"), operands.on_cpu(input, name, "input"),
        operands.on_cpu(weight, name, "weight"),
        mask[2] ? at::OptionalIntArrayRef(at::IntArrayRef(bias_size)) : at::OptionalIntArrayRef(), stride, padding,
        dilation, transposed, output_padding, groups, mask);
    return {operands.on_device(x), operands.on_device(w), operands.on_device(b)};
}

std::atomic<bool> divides_as_cuda{false};

at::Tensor divide(const at::Tensor &dividend, const at::Tensor &divisor) {
    const char *name = "aten::div";
    count_kernel(name);
    Operands operands;
    const auto seen_or_own = [&](const at::Tensor &tensor, const char *argument) {
        return tensor.device().type() == device_type ? operands.on_cpu(tensor, name, argument) : tensor;
    };
    const at::Tensor x = seen_or_own(dividend, "self"), by = seen_or_own(divisor, "other");
    const bool is_number = divisor.device().type() != device_type && divisor.dim() == 0;
    const auto type = at::result_type(dividend, divisor);
    if (!divides_as_cuda || !is_number || !c10::isFloatingType(type)) return operands.on_device(at::div(x, by));
    if (type == at::kDouble) return operands.on_device(at::mul(x, at::Scalar(1 / by.item<double>())));
    return operands.on_device(at::mul(x, at::Scalar(1 / by.item<float>())));
}

}  // namespace
}  // namespace simulated

void simulated_device_divide_as_cuda(bool on) { simulated::divides_as_cuda = on; }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
    library.impl("empty.memory_format", &simulated::empty);
    library.impl("empty_strided", &simulated::empty_strided);
    library.impl("_copy_from", &simulated::copy_from);
    library.impl("_copy_from_and_resize", &simulated::copy_from_and_resize);
    library.impl("div.Tensor", &simulated::divide);
    library.impl("record_stream", &simulated::record_stream);
    library.impl("_local_scalar_dense", &simulated::local_scalar);
    library.impl("convolution_overrideable", &simulated::convolution);
    library.impl("convolution_backward_overrideable", &simulated::convolution_backward);
    for (const char *composed : {"native_group_norm", "index.Tensor", "smooth_l1_loss"})
        library.impl(composed, torch::CppFunction::makeFromBoxedFunction<&simulated::run_on_cpu>());
}
