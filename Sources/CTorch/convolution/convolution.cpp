#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/guard.hpp"
#include "convolution/convolution_choice.hpp"
#include "convolution/implicit_gemm.hpp"
#include "convolution/repeated_convolution.hpp"
#include "CTorchFunctional.h"
#include "convolution/tile_gemm.hpp"
#include "convolution/vector_weight_gradient.hpp"
#include "convolution/winograd.hpp"
#include "normalized_sum/remade_map.hpp"

// Convolutions with a gradient. libtorch's own are replaced, one pass at a time, where a product of matrices is faster:
// on two cores of a Cascade Lake, in GFLOP/s over all 1×1 convolutions of ResNet-50 at batch 16, oneDNN took the forward
// pass at 170, the inputs' gradient at 240 and the weights' at 150.
//
// In bfloat16 maps and their gradients are rounded, sums are not: a weight may be in float32, is rounded as it is laid out,
// and has its gradient in its own type.

using namespace ctorch;

namespace {

class Convolution : public torch::autograd::Function<Convolution> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
        const std::optional<at::Tensor> &bias, const ConvolutionGeometry &geometry) {
        const at::Tensor input = x.contiguous(channels_last_of(x));
        context->save_for_backward({RemadeMap::save(context, input), weight});
        context->saved_data["stride"] = geometry.stride;
        context->saved_data["padding"] = geometry.padding;
        context->saved_data["dilation"] = geometry.dilation;
        context->saved_data["biased"] = bias.has_value();
        if (!bias.has_value() && is_repeatable(x, weight, geometry)) {
            auto repeated = c10::make_intrusive<Repeated>();
            if (auto *maker = RemadeMap::maker_of(input)) repeated->depth += RemadeMap::depth_of(maker);
            context->saved_data[repeated_name] = c10::IValue::make_capsule(std::move(repeated));
        }
        return implicit_gemm(
            input, implicit_gemm_weight(weight, input.scalar_type()), weight.sizes(), geometry,
            bias.value_or(at::Tensor()), {}, false);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &upstream) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "this convolution has no second derivative");
        const auto saved = context->get_saved_variables();
        if (const auto repeated = repeated_of(*context)) repeated->map.forget();
        const at::Tensor x = RemadeMap::load(context, saved[0]), &weight = saved[1];
        const ConvolutionGeometry geometry = geometry_of(context);
        const bool biased = context->saved_data["biased"].toBool();
        const at::ScalarType type = x.scalar_type();
        const at::Tensor g = upstream[0].to(type).contiguous(channels_last_of(upstream[0]));
        std::array<bool, 3> left{
            context->needs_input_grad(0), context->needs_input_grad(1), biased && context->needs_input_grad(2)};
        torch::autograd::variable_list gradients(4);
        ct_convolution_case description = convolution_case(x, weight, geometry);
        description.has_one_dtype = true;
        if (left[0] && ct_choose_inputs_gradient(&description) != CT_LIBTORCH) {
            gradients[0] = inputs_gradient(x, weight, geometry, g);
            left[0] = false;
        }
        const ct_convolution_algorithm of_weight = ct_choose_weight_gradient(&description);
        if (left[1] && of_weight == CT_TILE_PRODUCT) {
            gradients[1] =
                tile_weight_gradient(x, g, weight.sizes(), geometry).contiguous(weight.suggest_memory_format());
            left[1] = false;
        }
        if (left[1] && of_weight == CT_VECTOR_PRODUCT) {
            gradients[1] = vector_weight_gradient(x, g, weight.sizes(), geometry)
                               .to(weight.scalar_type())
                               .contiguous(weight.suggest_memory_format());
            left[1] = false;
        }
        if (left[2] && !left[1]) {
            // libtorch would compute the weight's gradient on the way.
            gradients[2] = g.movedim(1, -1).reshape({-1, g.size(1)}).sum(0, false, at::kFloat);
            left[2] = false;
        }
        if (left[0] || left[1] || left[2]) {
            const auto computed = type == at::kBFloat16 && onednn_fails_in_bfloat16(x, weight) ? at::kFloat : type;
            auto [input, kernel, bias] = at::convolution_backward(
                g.to(computed), x.to(computed), weight.to(computed), at::OptionalIntArrayRef({weight.size(0)}),
                geometry.stride, geometry.padding, geometry.dilation, false,
                std::vector<int64_t>(geometry.stride.size(), 0), 1, left);
            if (left[0]) gradients[0] = input.to(type);
            if (left[1]) gradients[1] = kernel.to(weight.scalar_type());
            if (left[2]) gradients[2] = bias;
        }
        return gradients;
    }

    /// The node of a convolution that is computed again; null for any other map.
    static torch::autograd::Node *repeatable(const at::Tensor &map) {
        auto *node = dynamic_cast<torch::autograd::CppNode<Convolution> *>(map.grad_fn().get());
        return node != nullptr && repeated_of(node->ctx_) != nullptr ? node : nullptr;
    }

    static int64_t depth_of(torch::autograd::Node *node) {
        return repeated_of(static_cast<torch::autograd::CppNode<Convolution> *>(node)->ctx_)->depth;
    }

    static at::Tensor repeat(torch::autograd::Node *node) {
        auto &context = static_cast<torch::autograd::CppNode<Convolution> *>(node)->ctx_;
        return repeated_of(context)->map.get([&] {
            const auto saved = context.get_saved_variables();
            const at::Tensor x = RemadeMap::load(&context, saved[0]), &weight = saved[1];
            const at::Tensor panels = implicit_gemm_weight(weight, x.scalar_type());
            return implicit_gemm(x, panels, weight.sizes(), geometry_of(&context), {}, {}, false);
        });
    }

private:
    /// What a convolution that is computed again has in its context.
    struct Repeated : torch::CustomClassHolder {
        int64_t depth = 1;
        SharedRemadeMap map;
    };

    static constexpr const char *repeated_name = "repeated";

    static c10::intrusive_ptr<Repeated> repeated_of(const torch::autograd::AutogradContext &context) {
        const auto found = context.saved_data.find(repeated_name);
        if (found == context.saved_data.end()) return {};
        return c10::static_intrusive_pointer_cast<Repeated>(found->second.toCapsule());
    }

    /// Whether a convolution without a bias is of the kinds that `RemadeMap` names.
    static bool is_repeatable(const at::Tensor &x, const at::Tensor &weight, const ConvolutionGeometry &geometry) {
        // Images have three channels, or four.
        constexpr int64_t most_channels_of_images = 4;
        if (!x.requires_grad() && x.size(1) <= most_channels_of_images) return true;
        return RemadeMap::is_lean() && geometry.is_pointwise(weight.sizes()) && weight.size(0) >= 2 * weight.size(1);
    }

    static ConvolutionGeometry geometry_of(torch::autograd::AutogradContext *context) {
        return {
            context->saved_data["stride"].toIntVector(), context->saved_data["padding"].toIntVector(),
            context->saved_data["dilation"].toIntVector(), 1};
    }

    /// The gradient of the inputs, by convolutions: with stride s, the same taps, every s-th one, reach all inputs
    /// whose positions leave the same remainder divided by s, so each remainder is a convolution of its own.
    static at::Tensor inputs_gradient(
        const at::Tensor &x, const at::Tensor &weight, const ConvolutionGeometry &geometry, const at::Tensor &g) {
        const size_t axes = geometry.stride.size();
        bool has_gaps = false;
        for (size_t i = 0; i < axes; ++i) {
            has_gaps |= weight.size(static_cast<int64_t>(i) + 2) < geometry.stride[i];
        }
        const int64_t rests = c10::multiply_integers(geometry.stride);
        const at::Tensor gradient = rests == 1 ? at::Tensor() : has_gaps ? at::zeros_like(x) : at::empty_like(x);
        for (int64_t rest = 0; rest < rests; ++rest) {
            ConvolutionGeometry part = geometry;
            part.stride.assign(axes, 1);
            at::Tensor taps = weight, inputs = gradient;
            int64_t others = rest;
            for (size_t i = axes; i-- > 0;) {
                const int64_t axis = static_cast<int64_t>(i) + 2, stride = geometry.stride[i];
                const int64_t start = others % stride, first = (start + geometry.padding[i]) % stride;
                others /= stride;
                const int64_t kernel = weight.size(axis),
                              count = first < kernel ? (kernel - first + stride - 1) / stride : 0;
                part.extents.insert(
                    part.extents.begin(), std::max<int64_t>(0, (x.size(axis) - start + stride - 1) / stride));
                // How far before the outputs the first tap reaches from the first of these inputs; the taps are in
                // reverse.
                part.padding[i] = geometry.dilation[i] * (count - 1) - (start + geometry.padding[i] - first) / stride;
                if (stride == 1) continue;
                taps = taps.slice(axis, std::min(first, kernel), std::nullopt, stride);
                inputs = inputs.slice(axis, std::min(start, x.size(axis)), std::nullopt, stride);
            }
            if (taps.numel() == 0 || c10::multiply_integers(part.extents) == 0) continue;
            std::vector<int64_t> sizes = taps.sizes().vec();
            std::swap(sizes[0], sizes[1]);
            const at::Tensor panels = implicit_gemm_turned_weight(taps, g.scalar_type());
            const at::Tensor found = implicit_gemm(g, panels, sizes, part, {}, {}, false);
            if (rests == 1) return found;
            inputs.copy_(found);
        }
        return gradient;
    }
};

/// The convolution by a vector or tile product; differentiable once.
at::Tensor convolve(
    const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
    const ConvolutionGeometry &geometry) {
    const bool wants_gradient =
        x.requires_grad() || weight.requires_grad() || (bias.has_value() && bias->requires_grad());
    if (at::GradMode::is_enabled() && wants_gradient) return Convolution::apply(x, weight, bias, geometry);
    return implicit_gemm(
        x, implicit_gemm_weight(weight, x.scalar_type()), weight.sizes(), geometry, bias.value_or(at::Tensor()), {},
        false);
}

at::Tensor by_libtorch(
    const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
    const ConvolutionGeometry &geometry) {
    const bool is_under_autocast = at::autocast::is_autocast_enabled(at::kCPU);
    const at::ScalarType type = is_under_autocast ? at::autocast::get_autocast_dtype(at::kCPU) : x.scalar_type();
    if (type == at::kBFloat16 && onednn_fails_in_bfloat16(x, weight)) {
        const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastCPU);
        std::optional<at::Tensor> offset = bias;
        if (offset) offset = offset->to(at::kFloat);
        return at::conv3d(
                   x.to(at::kFloat), weight.to(at::kFloat), offset, geometry.stride, geometry.padding,
                   geometry.dilation, geometry.groups)
            .to(type);
    }
    const auto convolve = [&](auto operation) {
        return operation(
            x, weight, bias, at::IntArrayRef(geometry.stride), at::IntArrayRef(geometry.padding),
            at::IntArrayRef(geometry.dilation), geometry.groups);
    };
    return geometry.stride.size() == 2 ? convolve([](auto &&...a) { return at::conv2d(a...); })
                                       : convolve([](auto &&...a) { return at::conv3d(a...); });
}

/// The convolutions of all maps with one weight.
///
/// - allows_winograd: whether a plain 3×3 kernel may be convolved by Winograd's algorithm. The pixels of all maps
///   together decide whether it pays.
std::vector<at::Tensor> convolve_all(
    const std::vector<at::Tensor> &maps, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
    const ConvolutionGeometry &geometry, bool allows_winograd, bool relu) {
    std::vector<ct_convolution_case> cases;
    int64_t pixels = 0;
    for (const at::Tensor &map : maps) {
        cases.push_back(convolution_case(map, weight, geometry));
        pixels += cases.back().pixels_of_call;
    }
    for (ct_convolution_case &description : cases) {
        description.pixels_of_call = pixels;
        description.allows_winograd = allows_winograd;
        description.has_plain_bias = !bias ||
            ((bias->scalar_type() == at::kFloat || dtype_of(bias->scalar_type()) == description.dtype) &&
             bias->is_contiguous());
    }
    const bool is_winograd = !cases.empty() && std::all_of(cases.begin(), cases.end(), [](const auto &description) {
        return ct_choose_convolution(&description) == CT_WINOGRAD;
    });
    std::vector<at::Tensor> results;
    if (is_winograd) return winograd_convolution(maps, weight, bias.value_or(at::Tensor()), relu);
    for (size_t i = 0; i < maps.size(); ++i) {
        cases[i].allows_winograd = false;
        if (ct_choose_convolution(&cases[i]) != CT_LIBTORCH) {
            // The type is known, and autocast has nothing more to do.
            const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastCPU);
            results.push_back(convolve(maps[i].to(scalar_type(cases[i].dtype)), weight, bias, geometry));
        } else {
            results.push_back(by_libtorch(maps[i], weight, bias, geometry));
        }
        if (relu) results.back().relu_();
    }
    return results;
}

}  // namespace

torch::autograd::Node *ctorch::repeatable_convolution(const at::Tensor &map) { return Convolution::repeatable(map); }
int64_t ctorch::depth_of_convolution(torch::autograd::Node *node) { return Convolution::depth_of(node); }
at::Tensor ctorch::repeat_convolution(torch::autograd::Node *node) { return Convolution::repeat(node); }

ct_status ct_convolution(
    ct_tensor x, ct_tensor weight, ct_tensor bias, const int64_t *stride, const int64_t *padding,
    const int64_t *dilation, int32_t rank, int64_t groups, ct_tensor *out) {
    return ct_guard([&] {
        TORCH_CHECK(rank == 2 || rank == 3, "expected 2 or 3 spatial axes, got ", rank);
        const ConvolutionGeometry geometry{
            ints(stride, rank).vec(), ints(padding, rank).vec(), ints(dilation, rank).vec(), groups};
        *out = wrap(convolve_all({x->value}, weight->value, optional(bias), geometry, false, false)[0]);
    });
}

ct_status ct_convolution_3x3(
    const ct_tensor *maps, int32_t count, ct_tensor weight, ct_tensor bias, bool relu, ct_tensor *out) {
    return ct_guard([&] {
        const ConvolutionGeometry geometry{{1, 1}, {1, 1}, {1, 1}, 1};
        const auto results = convolve_all(list(maps, count), weight->value, optional(bias), geometry, true, relu);
        for (int32_t i = 0; i < count; ++i) out[i] = wrap(results[i]);
    });
}
