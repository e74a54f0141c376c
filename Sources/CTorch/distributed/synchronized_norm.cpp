// Batch normalisation by the statistics of all processes.
#include "distributed/distributed.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

using namespace ctorch;

namespace {

using Group = c10::intrusive_ptr<c10d::ProcessGroup>;

at::Tensor sum_over_processes(const Group &group, const at::Tensor &x) {
    std::vector<at::Tensor> one{x.contiguous()};
    group->allreduce(one)->wait();
    return one[0];
}

/// `[C]` as a factor of a map `[N, C, …]`.
at::Tensor over_map(const at::Tensor &channels, const at::Tensor &map) {
    std::vector<int64_t> shape(map.dim(), 1);
    shape[1] = channels.numel();
    return channels.view(shape);
}

std::vector<int64_t> all_but_channels(const at::Tensor &map) {
    std::vector<int64_t> axes{0};
    for (int64_t i = 2; i < map.dim(); ++i) axes.push_back(i);
    return axes;
}

struct SynchronizedNorm : torch::autograd::Function<SynchronizedNorm> {
    /// (x − μ) / √(σ² + ε), μ `[C]`, the biased σ² `[C]` and the number of elements of a channel `[1]`, over all processes.
    static torch::autograd::variable_list forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, double epsilon, const c10::IValue &carrier) {
        const Group group = carrier.toCustomClass<c10d::ProcessGroup>();
        const auto axes = all_but_channels(x);
        const auto wide = x.to(at::kFloat);
        const double elements = static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
        auto [variance, mean] = at::var_mean(wide, at::OptionalIntArrayRef(axes), std::optional<at::Scalar>(0), false);
        const auto count = at::full({1}, elements, mean.options());
        // Two sums: the mean of all, then the squares about it, which loses no digits where the mean is large.
        const auto sums = sum_over_processes(group, at::cat({mean * elements, count}));
        const auto total = sums.slice(0, mean.numel());
        const auto common = sums.slice(0, 0, mean.numel()) / total;
        const auto spread = sum_over_processes(group, (variance + (mean - common).square()) * elements) / total;
        const auto factor = (spread + epsilon).rsqrt();
        const auto y = (wide - over_map(common, x)) * over_map(factor, x);
        context->save_for_backward({y, factor, total});
        context->saved_data["group"] = carrier;
        context->mark_non_differentiable({common, spread, total});
        return {y.to(x.scalar_type()), common, spread, total};
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &y = saved[0], &factor = saved[1], &total = saved[2];
        const Group group = context->saved_data["group"].toCustomClass<c10d::ProcessGroup>();
        const auto gradient = gradients[0].to(at::kFloat);
        const auto axes = all_but_channels(y);
        const auto sums = sum_over_processes(group, at::stack({gradient.sum(axes), (gradient * y).sum(axes)})) / total;
        const auto result = (gradient - over_map(sums[0], y) - y * over_map(sums[1], y)) * over_map(factor, y);
        return {result.to(gradients[0].scalar_type()), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

ct_status ct_synchronized_norm(
    ct_process_group group, ct_tensor x, double epsilon, ct_tensor *y, ct_tensor *mean, ct_tensor *variance,
    ct_tensor *count) {
    return ct_guard([&] {
        auto all = SynchronizedNorm::apply(x->value, epsilon, c10::IValue(group->value));
        *y = wrap(all[0]);
        *mean = wrap(all[1]);
        *variance = wrap(all[2]);
        *count = wrap(all[3]);
    });
}
