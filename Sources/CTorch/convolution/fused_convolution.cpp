#include "core/guard.hpp"
#include "core/instructions.hpp"
#include "convolution/convolution_choice.hpp"
#include "convolution/implicit_gemm.hpp"
#include "CTorchFused.h"
#include "convolution/winograd.hpp"

#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <ATen/ops/convolution.h>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace ctorch;

namespace {

/// oneDNN's convolution with what follows it, as libtorch registers it for its own compiler. Not every build has it, and
/// only the schema is fixed, so it is called through the dispatcher's stack.
struct PointwiseConvolution {
    std::optional<c10::OperatorHandle> unary, binary, pack;

    static const PointwiseConvolution &shared() {
        static const PointwiseConvolution operations = [] {
            const auto find = [](const char *name, const char *overload) {
                return c10::Dispatcher::singleton().findSchema({name, overload});
            };
            return PointwiseConvolution{
                find("mkldnn::_convolution_pointwise", ""), find("mkldnn::_convolution_pointwise", "binary"),
                find("mkldnn::_reorder_convolution_weight", "")};
        }();
        return operations;
    }

    bool is_present() const { return unary && binary && pack; }
};

/// Whether oneDNN convolves a type on this CPU; bfloat16 wants AVX-512 with bytes and words, and is refused without, float16
/// what hardly any has.
bool onednn_takes(at::ScalarType type) {
    if (type == at::kHalf) return false;
    return type != at::kBFloat16 || has(Instructions::avx512);
}

template <typename... Arguments>
at::Tensor call(const c10::OperatorHandle &operation, Arguments &&...arguments) {
    torch::jit::Stack stack;
    torch::jit::push(stack, std::forward<Arguments>(arguments)...);
    operation.callBoxed(stack);
    return torch::jit::pop(stack).toTensor();
}

}  // namespace

struct ct_fused_weight_s {
    at::Tensor plain;
    ConvolutionGeometry geometry;
    /// The weight laid out for one algorithm. What is used once is not kept: laying it out takes less time than the system
    /// takes to give the memory, which is then the next weight's.
    struct Layout {
        at::Tensor kept{};
        bool was_used = false;

        template <typename Make>
        at::Tensor get(const Make &make) {
            if (kept.defined()) return kept;
            const at::Tensor made = make();
            if (was_used) kept = made;
            was_used = true;
            return made;
        }
    };
    Layout transformed{}, panels{}, tiles{};

    /// The weight in the layout that oneDNN prefers for inputs of a size. With another layout it would be laid out anew
    /// in every call, so the two that were used last are kept. What it prefers changes with the number of images and,
    /// coarsely, of pixels.
    const at::Tensor &packed(const c10::OperatorHandle &pack, const at::Tensor &x) {
        const std::pair<int64_t, int> size{x.size(0), std::ilogb(static_cast<double>(x.numel() / x.size(1)))};
        if (layouts.empty() || layouts[0].first != size) {
            const auto known =
                std::find_if(layouts.begin(), layouts.end(), [&](const auto &l) { return l.first == size; });
            if (known != layouts.end()) {
                std::rotate(layouts.begin(), known, known + 1);
            } else {
                if (layouts.size() == 2) layouts.pop_back();
                layouts.emplace(
                    layouts.begin(), size,
                    call(
                        pack, plain, at::IntArrayRef(geometry.padding), at::IntArrayRef(geometry.stride),
                        at::IntArrayRef(geometry.dilation), geometry.groups, x.sizes()));
            }
        }
        return layouts[0].second;
    }

    std::vector<std::pair<std::pair<int64_t, int>, at::Tensor>> layouts;

    /// The weight in another type, made when first needed.
    ct_fused_weight_s &in(at::ScalarType type) {
        if (type == plain.scalar_type()) return *this;
        if (!converted || converted->plain.scalar_type() != type) {
            converted.reset(
                new ct_fused_weight_s{.plain = plain.to(type), .geometry = geometry, .layouts = {}, .converted = {}});
        }
        return *converted;
    }

    std::unique_ptr<ct_fused_weight_s> converted;
};

namespace {

/// The type that an input is convolved in under autocast: the weight's own where this CPU would only imitate the other, as
/// float32 is faster there, and no less exact.
at::ScalarType type_under_autocast(const at::Tensor &x, const ct_fused_weight_s &weight) {
    const at::ScalarType type = at::autocast::get_autocast_dtype(x.device().type());
    const bool takes = !x.device().is_cpu() || (type == at::kBFloat16 && ct_cpu_multiplies_bfloat16());
    return takes ? type : weight.plain.scalar_type();
}

/// Switches autocast off for a device while it lives.
struct WithoutAutocast {
    const at::DeviceType device;
    const bool was_enabled = at::autocast::is_autocast_enabled(device);
    explicit WithoutAutocast(at::DeviceType device) : device(device) {
        at::autocast::set_autocast_enabled(device, false);
    }
    ~WithoutAutocast() { at::autocast::set_autocast_enabled(device, was_enabled); }
};

at::Tensor convolve(
    const at::Tensor &x, ct_fused_weight_s &weight, const std::optional<at::Tensor> &bias,
    const std::optional<at::Tensor> &addend, bool relu) {
    const ConvolutionGeometry &geometry = weight.geometry;
    const auto &native = PointwiseConvolution::shared();
    ct_convolution_case description = convolution_case(x, weight.plain, geometry);
    description.keeps_weight = description.allows_winograd = true;
    const at::ScalarType type = weight.plain.scalar_type();
    const bool takes_type = onednn_takes(type) && !(type == at::kBFloat16 && onednn_fails_in_bfloat16(x, weight.plain));
    description.has_onednn = native.is_present() && takes_type;
    const ct_convolution_algorithm choice = ct_choose_convolution(&description);
    if (choice == CT_WINOGRAD) {
        const at::Tensor transformed = weight.transformed.get([&] { return winograd_weight(weight.plain); });
        return winograd_inference(
            x, transformed, weight.plain.size(0), bias.value_or(at::Tensor()), addend.value_or(at::Tensor()), relu);
    }
    if (choice == CT_VECTOR_PRODUCT || choice == CT_TILE_PRODUCT || choice == CT_TILES_IN_PLACE) {
        const bool with_tiles = choice != CT_VECTOR_PRODUCT;
        const at::Tensor panels = (with_tiles ? weight.tiles : weight.panels).get([&] {
            return implicit_gemm_weight(weight.plain, type, with_tiles);
        });
        return implicit_gemm(
            x, panels, weight.plain.sizes(), geometry, bias.value_or(at::Tensor()), addend.value_or(at::Tensor()), relu,
            choice == CT_TILES_IN_PLACE);
    }
    if (choice == CT_ONEDNN) {
        const auto format = channels_last_of(x);
        const at::Tensor pixels = x.contiguous(format);
        const at::Tensor &packed = weight.packed(*native.pack, pixels);
        const c10::List<std::optional<at::Scalar>> no_scalars;
        const c10::IValue none;
        if (addend) {
            return call(
                *native.binary, pixels, addend->contiguous(format), packed, bias, at::IntArrayRef(geometry.padding),
                at::IntArrayRef(geometry.stride), at::IntArrayRef(geometry.dilation), geometry.groups, "add",
                at::Scalar(1.0), relu ? c10::IValue("relu") : none, no_scalars, none);
        }
        return call(
            *native.unary, pixels, packed, bias, at::IntArrayRef(geometry.padding), at::IntArrayRef(geometry.stride),
            at::IntArrayRef(geometry.dilation), geometry.groups, relu ? "relu" : "none", no_scalars, none);
    }
    // Layers under autocast may have given the input another type. A type that this CPU can't multiply is summed in
    // float32 and rounded once.
    const at::ScalarType computed = x.device().is_cpu() && !takes_type ? at::kFloat : type;
    std::optional<at::Tensor> offset = bias;
    if (offset) offset = offset->to(computed);
    const at::Tensor result = at::convolution(
        x.to(computed), weight.plain.to(computed), offset, geometry.stride, geometry.padding, geometry.dilation, false,
        std::vector<int64_t>(geometry.stride.size(), 0), geometry.groups);
    if (addend) result.add_(*addend);
    if (relu) result.relu_();
    return result.to(type);
}

}  // namespace

ct_status ct_fused_weight(
    ct_tensor weight, const int64_t *stride, const int64_t *padding, const int64_t *dilation, int32_t rank,
    int64_t groups, ct_fused_weight_handle *out) {
    return ct_guard([&] {
        TORCH_CHECK(
            weight->value.dim() == rank + 2, "fused convolution: the weight must have ", rank + 2, " axes, got ",
            weight->value.sizes());
        *out = new ct_fused_weight_s{
            .plain = weight->value.detach(),
            .geometry = {ints(stride, rank).vec(), ints(padding, rank).vec(), ints(dilation, rank).vec(), groups},
            .layouts = {},
            .converted = {}};
    });
}

void ct_fused_weight_release(ct_fused_weight_handle weight) { delete weight; }

ct_status ct_fused_convolution(
    ct_tensor input, ct_fused_weight_handle weight, ct_tensor bias, ct_tensor other, bool relu, ct_tensor *out) {
    return ct_guard([&] {
        TORCH_CHECK(
            !at::GradMode::is_enabled() ||
                !(input->value.requires_grad() || (other != nullptr && other->value.requires_grad())),
            "fused convolution: inference only, but an operand requires a gradient");
        const at::Tensor &x = input->value;
        std::optional<at::Tensor> offset = optional(bias), addend = optional(other);
        if (!at::autocast::is_autocast_enabled(x.device().type())) {
            *out = wrap(convolve(x, *weight, offset, addend, relu));
            return;
        }
        const at::ScalarType type = type_under_autocast(x, *weight);
        const WithoutAutocast off(x.device().type());
        if (offset) offset = offset->to(type);
        if (addend) addend = addend->to(type);
        *out = wrap(convolve(x.to(type), weight->in(type), offset, addend, relu));
    });
}
