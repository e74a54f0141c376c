#include "fallback.hpp"

#include <torch/library.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "counts.hpp"
#include "operands.hpp"

namespace simulated {
namespace {

/// Operations whose result has a size, or is a number of the host, that the device computes: the host waits for it.
constexpr std::array<std::string_view, 12> waiting = {
    "aten::nonzero",           "aten::masked_select",          "aten::_unique2", "aten::unique_dim",
    "aten::_unique",           "aten::unique_consecutive",     "aten::equal",    "aten::bincount",
    "aten::repeat_interleave", "aten::unique_dim_consecutive", "aten::histc",    "aten::is_nonzero",
};

bool waits(const std::string &name, const torch::jit::Stack &stack, size_t first) {
    if (std::find(waiting.begin(), waiting.end(), name) != waiting.end()) return true;
    if (name != "aten::index" && name != "aten::_index_put_impl_") return false;
    // A mask as an index is turned into positions, of which there are as many as it has true elements.
    for (const auto &index : stack[first + 1].toOptionalTensorVector())
        if (index && index->defined() && (index->scalar_type() == at::kBool || index->scalar_type() == at::kByte))
            return true;
    return false;
}

}  // namespace

void run_on_cpu(const c10::OperatorHandle &operation, torch::jit::Stack *stack) {
    const auto &schema = operation.schema();
    const auto &name = schema.name();
    const size_t first = stack->size() - schema.arguments().size();
    count_kernel(name);
    if (waits(name, *stack, first)) count_wait();

    Operands operands;
    for (size_t i = first; i < stack->size(); ++i) {
        auto &value = (*stack)[i];
        const auto &argument = schema.arguments()[i - first].name();
        if (value.isTensor()) {
            value = operands.on_cpu(value.toTensor(), name, argument);
        } else if (value.isTensorList()) {
            c10::List<at::Tensor> seen;
            for (const auto &tensor : value.toTensorVector()) seen.push_back(operands.on_cpu(tensor, name, argument));
            value = std::move(seen);
        } else if (value.isOptionalTensorList()) {
            c10::List<std::optional<at::Tensor>> seen;
            for (const auto &tensor : value.toOptionalTensorVector())
                seen.push_back(tensor ? std::optional(operands.on_cpu(*tensor, name, argument)) : std::nullopt);
            value = std::move(seen);
        } else if (value.isDevice() && value.toDevice().type() == device_type) {
            value = c10::Device(c10::DeviceType::CPU);
        }
    }
    operation.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
    operands.take_over_sizes();
    for (size_t i = stack->size() - schema.returns().size(); i < stack->size(); ++i) {
        auto &value = (*stack)[i];
        if (value.isTensor()) {
            value = operands.on_device(value.toTensor());
        } else if (value.isTensorList()) {
            c10::List<at::Tensor> results;
            for (const auto &tensor : value.toTensorVector()) results.push_back(operands.on_device(tensor));
            value = std::move(results);
        }
    }
}

}  // namespace simulated

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
    library.fallback(torch::CppFunction::makeFromBoxedFunction<&simulated::run_on_cpu>());
}
