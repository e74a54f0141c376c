#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>

#include "core/guard.hpp"
#include "CTorchAutograd.h"

namespace {

thread_local bool recomputing = false;

/// The segment, released with the last thing that may run it.
struct Segment : torch::CustomClassHolder {
    const ct_segment calls;

    explicit Segment(const ct_segment &calls) : calls(calls) {}
    ~Segment() override { calls.release(calls.context); }

    at::Tensor run(const at::Tensor &x) const {
        const ct_tensor result = calls.run(calls.context, ctorch::wrap(x));
        at::Tensor value = result->value;
        ct_tensor_release(result);
        return value;
    }
};

/// The state of autocast, to be brought back when a segment runs once more.
struct Autocast {
    const std::array<at::DeviceType, 2> devices = {at::kCPU, ctorch::accelerator()};
    std::array<bool, 2> enabled;
    std::array<at::ScalarType, 2> types;

    static Autocast current() {
        Autocast state;
        for (size_t i = 0; i < state.devices.size(); ++i) {
            state.enabled[i] = at::autocast::is_autocast_enabled(state.devices[i]);
            state.types[i] = at::autocast::get_autocast_dtype(state.devices[i]);
        }
        return state;
    }

    void set() const {
        for (size_t i = 0; i < devices.size(); ++i) {
            at::autocast::set_autocast_enabled(devices[i], enabled[i]);
            at::autocast::set_autocast_dtype(devices[i], types[i]);
        }
    }
};

struct Recomputation {
    const bool outer = recomputing;
    const Autocast autocast = Autocast::current();

    explicit Recomputation(const Autocast &first) {
        recomputing = true;
        at::autocast::increment_nesting();
        first.set();
    }
    ~Recomputation() {
        if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
        recomputing = outer;
        autocast.set();
    }
};

class Checkpoint : public torch::autograd::Function<Checkpoint> {
public:
    /// `anchor` requires a gradient: so the backward pass comes here, and parameters inside get theirs, also where x
    /// wants none.
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &anchor,
        const c10::intrusive_ptr<Segment> &segment) {
        context->save_for_backward({x});
        context->saved_data["segment"] =
            c10::IValue::make_capsule(c10::static_intrusive_pointer_cast<torch::CustomClassHolder>(segment));
        const Autocast autocast = Autocast::current();
        for (size_t i = 0; i < autocast.devices.size(); ++i) {
            context->saved_data["autocast" + std::to_string(i)] = autocast.enabled[i];
            context->saved_data["type" + std::to_string(i)] = static_cast<int64_t>(autocast.types[i]);
        }
        return segment->run(x);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "a checkpointed segment has no second derivative");
        Autocast autocast;
        for (size_t i = 0; i < autocast.devices.size(); ++i) {
            autocast.enabled[i] = context->saved_data["autocast" + std::to_string(i)].toBool();
            autocast.types[i] = static_cast<at::ScalarType>(context->saved_data["type" + std::to_string(i)].toInt());
        }
        const auto segment = c10::static_intrusive_pointer_cast<Segment>(context->saved_data["segment"].toCapsule());
        at::Tensor x = context->get_saved_variables()[0].detach();
        x.requires_grad_(context->needs_input_grad(0));
        const at::AutoGradMode recording(true);
        at::Tensor y;
        {
            const Recomputation recomputation(autocast);
            y = segment->run(x);
        }
        torch::autograd::backward({y}, {gradients[0]});
        return {x.grad(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

bool ct_is_recomputing(void) { return recomputing; }

ct_tensor ct_share(ct_tensor tensor) { return ctorch::wrap(tensor->value); }

ct_status ct_checkpoint(ct_tensor x, ct_segment calls, ct_tensor *out) {
    return ct_guard([&] {
        const auto segment = c10::make_intrusive<Segment>(calls);
        const at::Tensor anchor = at::empty({0}).requires_grad_();
        *out = ctorch::wrap(Checkpoint::apply(x->value, anchor, segment));
    });
}
