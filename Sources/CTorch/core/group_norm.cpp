// Group normalisation composed of operations that every device has. libtorch's own lays the map out anew on devices, twice in
// the backward pass; here a map with the channels last stays as it is.
#include "core/group_norm.hpp"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctorch {
namespace {

/// A map `[N, C, …]` as `[N, S, C]`, without a copy where the channels are last.
at::Tensor rows_of(const at::Tensor &map) {
    return map.contiguous(channels_last_of(map)).movedim(1, -1).reshape({map.size(0), -1, map.size(1)});
}

/// Rows `[N, S, C]` as the map of these sizes, with the channels last.
at::Tensor map_of(const at::Tensor &rows, at::IntArrayRef sizes) {
    std::vector<int64_t> shape{sizes[0]};
    shape.insert(shape.end(), sizes.begin() + 2, sizes.end());
    shape.push_back(sizes[1]);
    return rows.reshape(shape).movedim(-1, 1);
}

/// Numbers of groups `[N, G]` as numbers of their channels `[N, 1, C]`.
at::Tensor of_channels(const at::Tensor &groups, int64_t channels) {
    return groups.unsqueeze(2).expand({-1, -1, channels / groups.size(1)}).reshape({groups.size(0), 1, channels});
}

class GroupNorm : public torch::autograd::Function<GroupNorm> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
        const at::Tensor &bias, int64_t groups, double epsilon) {
        const at::Tensor rows = rows_of(x);
        const int64_t channels = rows.size(2);
        const auto [variance, mean] =
            at::var_mean(rows.reshape({rows.size(0), rows.size(1), groups, -1}), at::IntArrayRef({1, 3}), false);
        const at::Tensor deviation = (variance + epsilon).rsqrt();
        const at::Tensor scale = of_channels(deviation, channels) * weight;
        const at::Tensor shift = bias - of_channels(mean, channels) * scale;
        context->save_for_backward({x, weight, mean, deviation});
        at::Tensor result = at::empty_like(x, x.options(), channels_last_of(x));
        at::Tensor into = rows_of(result);
        at::addcmul_out(into, shift, rows, scale);
        return result;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "this group norm has no second derivative");
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &deviation = saved[3];
        const at::Tensor rows = rows_of(x), gradient = rows_of(gradients[0]);
        const int64_t channels = rows.size(2), groups = mean.size(1);
        const double members = static_cast<double>(rows.size(1) * channels / groups);
        // Sums over each channel of each image, `[N, C]`.
        const at::Tensor products = (gradient * rows).sum(1), sums = gradient.sum(1);
        const auto of_groups = [&](const at::Tensor &numbers) {
            return (numbers * weight).reshape({-1, groups, channels / groups}).sum(2);
        };
        const at::Tensor by_product = of_groups(products), by_sum = of_groups(sums);
        const at::Tensor slope = (by_sum * mean - by_product) * deviation.pow(3) / members;
        const at::Tensor offset = -(slope * mean) - by_sum * deviation / members;
        at::Tensor of_x;
        if (context->needs_input_grad(0)) {
            of_x = at::addcmul(of_channels(offset, channels), rows, of_channels(slope, channels));
            of_x.addcmul_(gradient, of_channels(deviation, channels) * weight);
            of_x = map_of(of_x, x.sizes());
        }
        const at::Tensor centred = products - sums * of_channels(mean, channels).squeeze(1);
        return {
            of_x, (centred * of_channels(deviation, channels).squeeze(1)).sum(0), sums.sum(0), at::Tensor(),
            at::Tensor()};
    }
};

}  // namespace

at::Tensor composed_group_norm(
    const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias, double epsilon) {
    // Its sums are too long for a short type.
    const auto options = x.options().dtype(at::kFloat);
    const at::Tensor normalised = GroupNorm::apply(
        x.to(at::kFloat), weight.defined() ? weight.to(at::kFloat) : at::ones({x.size(1)}, options),
        bias.defined() ? bias.to(at::kFloat) : at::zeros({x.size(1)}, options), groups, epsilon);
    return at::autocast::is_autocast_enabled(x.device().type()) ? normalised : normalised.to(x.scalar_type());
}

}  // namespace ctorch
