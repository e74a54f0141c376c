#include "CTorchOptimizers.h"

#include "core/guard.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

#include <map>

namespace {

/// A gradient that lies in memory as its parameter does: libtorch's fused kernels walk both as flat arrays.
at::Tensor aligned_gradient(const at::Tensor &parameter) {
    const at::Tensor &gradient = parameter.grad();
    TORCH_CHECK(gradient.defined(), "a parameter of shape ", parameter.sizes(), " has no gradient");
    TORCH_CHECK(
        parameter.is_non_overlapping_and_dense(), "a parameter of shape ", parameter.sizes(), " and strides ",
        parameter.strides(), " has gaps in memory");
    bool matches = gradient.scalar_type() == parameter.scalar_type() && gradient.is_non_overlapping_and_dense();
    for (int64_t axis = 0; matches && axis < parameter.dim(); ++axis) {
        matches = parameter.size(axis) <= 1 || parameter.stride(axis) == gradient.stride(axis);
    }
    if (matches) return gradient;
    return at::empty_like(parameter).copy_(gradient);
}

struct Gradients {
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> gradients;

    Gradients(const ct_tensor *handles, int32_t count) {
        parameters = ctorch::list(handles, count);
        gradients.reserve(count);
        for (const at::Tensor &parameter : parameters) gradients.push_back(aligned_gradient(parameter));
    }

    /// Counts up the versions of the parameters, which the fused kernels don't do: by them, whoever keeps something
    /// that is made of a parameter sees that it has changed.
    void mark_written() const {
        for (const at::Tensor &parameter : parameters) parameter.unsafeGetTensorImpl()->bump_version();
    }
};

std::vector<at::Tensor> existing_gradients(const ct_tensor *parameters, int32_t count) {
    std::vector<at::Tensor> gradients;
    for (int32_t i = 0; i < count; ++i) {
        const at::Tensor &gradient = parameters[i]->value.grad();
        if (gradient.defined()) gradients.push_back(gradient);
    }
    return gradients;
}

}  // namespace

ct_status ct_has_gradients(const ct_tensor *parameters, int32_t count, bool *out) {
    return ct_guard([&] {
        for (int32_t i = 0; i < count; ++i) out[i] = parameters[i]->value.grad().defined();
    });
}

ct_status ct_drop_gradients(const ct_tensor *parameters, int32_t count) {
    return ct_guard([&] {
        for (int32_t i = 0; i < count; ++i) parameters[i]->value.mutable_grad().reset();
    });
}

ct_status ct_sgd_step(
    const ct_tensor *parameters, const ct_tensor *buffers, int32_t count, double learning_rate, double momentum,
    double weight_decay, bool nesterov, bool is_first_step, ct_tensor is_invalid) {
    return ct_guard([&] {
        if (count == 0) return;
        at::NoGradGuard no_grad;
        Gradients of(parameters, count);
        std::vector<at::Tensor> momentum_buffers;
        if (buffers != nullptr) momentum_buffers = ctorch::list(buffers, count);
        at::_fused_sgd_(
            of.parameters, of.gradients, momentum_buffers, weight_decay, momentum, learning_rate, /*dampening=*/0.0,
            nesterov, /*maximize=*/false, is_first_step, /*grad_scale=*/std::nullopt, ctorch::optional(is_invalid));
        of.mark_written();
    });
}

ct_status ct_adamw_step(
    const ct_tensor *parameters, const ct_tensor *means, const ct_tensor *squares, int32_t count, int64_t step,
    double learning_rate, double beta1, double beta2, double epsilon, double weight_decay, ct_tensor is_invalid) {
    return ct_guard([&] {
        if (count == 0) return;
        at::NoGradGuard no_grad;
        Gradients of(parameters, count);
        // The kernels read the step from a tensor on the parameter's device, one tensor for all that share it.
        std::map<std::pair<int, int>, at::Tensor> step_on;
        std::vector<at::Tensor> steps;
        steps.reserve(count);
        for (const at::Tensor &parameter : of.parameters) {
            const at::Device device = parameter.device();
            at::Tensor &shared = step_on[{static_cast<int>(device.type()), static_cast<int>(device.index())}];
            if (!shared.defined()) {
                shared = at::full({}, static_cast<double>(step), at::TensorOptions().dtype(at::kFloat).device(device));
            }
            steps.push_back(shared);
        }
        at::_fused_adamw_(
            of.parameters, of.gradients, ctorch::list(means, count), ctorch::list(squares, count), {}, steps,
            learning_rate, beta1, beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false,
            /*grad_scale=*/std::nullopt, ctorch::optional(is_invalid));
        of.mark_written();
    });
}

ct_status ct_gradient_norm(const ct_tensor *parameters, int32_t count, ct_tensor *out) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        const std::vector<at::Tensor> gradients = existing_gradients(parameters, count);
        *out = nullptr;
        if (gradients.empty()) return;
        std::vector<at::Tensor> norms = at::_foreach_norm(gradients);
        const at::Device device = norms.front().device();
        for (at::Tensor &norm : norms) norm = norm.to(device, at::kFloat);
        *out = ctorch::wrap(at::linalg_vector_norm(at::stack(norms)));
    });
}

ct_status ct_gradients_are_finite(const ct_tensor *parameters, int32_t count, bool *out) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        for (int32_t i = 0; i < count; ++i) {
            const at::Tensor &gradient = parameters[i]->value.grad();
            out[i] = !gradient.defined() || at::isfinite(gradient).all().item<bool>();
        }
    });
}

ct_status ct_scale_gradients(const ct_tensor *parameters, int32_t count, double factor) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        const std::vector<at::Tensor> gradients = existing_gradients(parameters, count);
        if (!gradients.empty()) at::_foreach_mul_(gradients, factor);
    });
}

ct_status ct_scale_gradients_by(const ct_tensor *parameters, int32_t count, ct_tensor factor) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        const std::vector<at::Tensor> gradients = existing_gradients(parameters, count);
        if (!gradients.empty()) at::_foreach_mul_(gradients, factor->value);
    });
}

ct_status ct_move_towards(const ct_tensor *tensors, const ct_tensor *targets, int32_t count, double share) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        if (count > 0) at::_foreach_lerp_(ctorch::list(tensors, count), ctorch::list(targets, count), share);
    });
}
