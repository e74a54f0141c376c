#include "core/guard.hpp"
#include "CTorchAutograd.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

using namespace ctorch;

bool ct_requires_grad(ct_tensor x) { return x->value.requires_grad(); }
ct_status ct_set_requires_grad(ct_tensor x, bool on) {
    return ct_guard([&] { x->value.set_requires_grad(on); });
}
bool ct_is_leaf(ct_tensor x) { return x->value.is_leaf(); }
ct_status ct_detach(ct_tensor x, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(x->value.detach()); });
}
ct_status ct_grad(ct_tensor x, ct_tensor *out) {
    return ct_guard([&] {
        const auto &grad = x->value.grad();
        *out = grad.defined() ? wrap(grad) : nullptr;
    });
}
ct_status ct_set_grad(ct_tensor x, ct_tensor grad) {
    return ct_guard([&] { x->value.mutable_grad() = grad == nullptr ? at::Tensor() : grad->value; });
}

ct_status ct_backward(ct_tensor x, ct_tensor gradient, bool retain_graph) {
    return ct_guard([&] {
        std::vector<at::Tensor> gradients;
        if (gradient != nullptr) gradients.push_back(gradient->value);
        torch::autograd::backward({x->value}, gradients, retain_graph);
    });
}

ct_status ct_gradients(
    const ct_tensor *outputs, const ct_tensor *output_gradients, int32_t output_count, const ct_tensor *inputs,
    int32_t input_count, bool retain_graph, bool create_graph, ct_tensor *out) {
    return ct_guard([&] {
        std::vector<at::Tensor> seeds;
        if (output_gradients != nullptr)
            for (int32_t i = 0; i < output_count; ++i)
                seeds.push_back(output_gradients[i] == nullptr ? at::Tensor() : output_gradients[i]->value);
        auto gradients = torch::autograd::grad(
            list(outputs, output_count), list(inputs, input_count), seeds, retain_graph, create_graph,
            /*allow_unused=*/true);
        for (int32_t i = 0; i < input_count; ++i) out[i] = gradients[i].defined() ? wrap(gradients[i]) : nullptr;
    });
}

bool ct_grad_mode(void) { return c10::GradMode::is_enabled(); }
void ct_set_grad_mode(bool on) { c10::GradMode::set_enabled(on); }

ct_status ct_autocast_enter(int32_t index, ct_dtype dtype, ct_autocast *previous) {
    return ct_guard([&] {
        auto kind = device(index).type();
        previous->enabled = at::autocast::is_autocast_enabled(kind);
        previous->dtype = dtype_of(at::autocast::get_autocast_dtype(kind));
        at::autocast::set_autocast_enabled(kind, true);
        at::autocast::set_autocast_dtype(kind, scalar_type(dtype));
        at::autocast::increment_nesting();
    });
}
ct_status ct_autocast_leave(int32_t index, ct_autocast previous) {
    return ct_guard([&] {
        auto kind = device(index).type();
        if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
        at::autocast::set_autocast_enabled(kind, previous.enabled);
        at::autocast::set_autocast_dtype(kind, scalar_type(previous.dtype));
    });
}
