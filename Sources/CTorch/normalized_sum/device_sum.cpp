#include "normalized_sum/device_sum.hpp"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <string>

#include "core/guard.hpp"
#include "device/device_kernels.hpp"

namespace ctorch {
namespace {

#define VERTEBRA_DEVICE_CODE(...) __VA_ARGS__
#include "normalized_sum/device_sum_operands.inc"
#undef VERTEBRA_DEVICE_CODE

/// Channels that a thread reads at once: sixteen bytes.
int64_t lanes_of(const at::Tensor &map) { return map.scalar_type() == at::kFloat ? 4 : 8; }

/// How the passes over a map are divided among blocks of 256 threads.
struct Division {
    MapShape shape;
    /// How many threads of a block stand beside each other along the channels, and how many blocks.
    int columns = 1;
    uint32_t tiles = 1;

    explicit Division(const at::Tensor &map) {
        const int64_t images = map.size(0), channels = map.size(1), groups = channels / lanes_of(map);
        const int64_t positions = map.numel() / (images * channels);
        // Neighbours read whole lines of memory: eight threads at least where there are as many.
        while (columns < 32 && (groups % (2 * columns) == 0 || (columns < 8 && 2 * columns <= groups))) columns *= 2;
        tiles = static_cast<uint32_t>((groups + columns - 1) / columns);
        // A thread takes sixteen positions of long maps.
        const int64_t chunk = 256 / columns * 16;
        shape = {
            static_cast<int>(images), static_cast<int>(positions), static_cast<int>(channels), static_cast<int>(chunk),
            static_cast<int>((positions + chunk - 1) / chunk)};
    }

    std::array<uint32_t, 3> grid(int64_t parts = 1) const {
        return {tiles, static_cast<uint32_t>(shape.chunks), static_cast<uint32_t>(shape.images * parts)};
    }
    /// The grid of kernels that take 32 channels in a block.
    std::array<uint32_t, 3> channel_grid() const { return {static_cast<uint32_t>((shape.channels + 31) / 32), 1, 1}; }
};

std::string named(const char *kernel, const at::Tensor &map) {
    return std::string(kernel) + (map.scalar_type() == at::kFloat ? "_float32" : "_bfloat16");
}

/// Whether the norm is of the map's own statistics.
bool is_measured(const Term &term) {
    return term.norm == CT_NORM_GROUP || (term.norm == CT_NORM_BATCH && !term.uses_running);
}

float *numbers(const at::Tensor &tensor) {
    return tensor.defined() ? static_cast<float *>(tensor.mutable_data_ptr()) : nullptr;
}

const float *constants(const at::Tensor &tensor) {
    return tensor.defined() ? static_cast<const float *>(tensor.const_data_ptr()) : nullptr;
}

NormOperands operands_of(const Term &term) {
    return {
        constants(term.weight),
        constants(term.bias),
        numbers(term.running_mean),
        numbers(term.running_variance),
        term.uses_running && term.norm == CT_NORM_BATCH,
        term.is_plain,
        static_cast<int>(term.groups),
        static_cast<float>(term.momentum),
        static_cast<float>(term.epsilon)};
}

/// Four quantities of each channel, for each image or for all: a, b, mean and 1 / deviation of a norm.
struct Factors {
    /// `[4, N or 1, C]` float32; undefined for a bare addend.
    at::Tensor all;

    ChannelRows rows(int64_t quantity) const {
        if (!all.defined()) return {nullptr, 0};
        return {
            constants(all) + quantity * all.size(1) * all.size(2),
            all.size(1) == 1 ? 0 : static_cast<int>(all.size(2))};
    }
    float *of(int64_t quantity) const { return numbers(all) + quantity * all.size(1) * all.size(2); }
};

at::Tensor floats(const at::Tensor &map, at::IntArrayRef sizes) {
    return at::empty(sizes, at::TensorOptions(at::kFloat).device(map.device()));
}

Factors factors_of(const Term &term, const Division &division) {
    if (is_bare(term)) return {};
    const MapShape shape = division.shape;
    const at::Device device = term.x.device();
    const NormOperands norm = operands_of(term);
    at::Tensor moments;
    if (is_measured(term)) {
        moments = floats(term.x, {shape.images, shape.chunks, 2, shape.channels});
        const void *x = term.x.const_data_ptr();
        float *into = numbers(moments);
        launch(
            device, named("moments", term.x).c_str(), division.grid(), 256,
            KernelArguments(x, into, shape, division.columns));
    }
    const bool is_group = term.norm == CT_NORM_GROUP;
    const Factors factors{floats(term.x, {4, is_group ? shape.images : 1, shape.channels})};
    const float *from = constants(moments);
    float *a = factors.of(0), *b = factors.of(1), *mean = factors.of(2), *inverse = factors.of(3);
    const KernelArguments arguments(from, norm, shape, a, b, mean, inverse);
    if (is_group) {
        launch(
            device, "group_factors", {static_cast<uint32_t>(norm.groups), static_cast<uint32_t>(shape.images), 1}, 64,
            arguments);
    } else {
        launch(device, "batch_factors", division.channel_grid(), 256, arguments);
    }
    return factors;
}

at::Tensor map_like(const at::Tensor &map) {
    return at::empty(map.sizes(), map.options().memory_format(channels_last_of(map)));
}

at::Tensor add_up(const std::vector<Term> &terms, bool rectified, std::vector<Factors> &factors) {
    const Division division(terms[0].x);
    SumOperands of{};
    of.count = static_cast<int>(terms.size());
    of.rectified = rectified;
    for (size_t i = 0; i < terms.size(); ++i) {
        factors.push_back(factors_of(terms[i], division));
        of.x[i] = terms[i].x.const_data_ptr();
        of.a[i] = factors[i].rows(0);
        of.b[i] = factors[i].rows(1);
    }
    const at::Tensor out = map_like(terms[0].x);
    void *into = out.mutable_data_ptr();
    launch(
        out.device(), named("sum", out).c_str(), division.grid(), 256,
        KernelArguments(of, into, division.shape, division.columns));
    return out;
}

/// What the backward pass keeps beside the saved variables: the terms, without their tensors.
struct Record : torch::CustomClassHolder {
    std::vector<Term> terms;
    bool rectified = false;
};

class DeviceSum : public torch::autograd::Function<DeviceSum> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, at::TensorList maps, at::TensorList, const std::vector<Term> &terms,
        bool rectified) {
        std::vector<Factors> factors;
        const at::Tensor out = add_up(terms, rectified, factors);
        const auto record = c10::make_intrusive<Record>();
        record->rectified = rectified;
        std::vector<at::Tensor> saved{rectified ? out : at::Tensor()};
        for (size_t i = 0; i < terms.size(); ++i) {
            const Term &term = terms[i];
            const bool has_gradient = (term.weight.defined() && term.weight.requires_grad()) ||
                (term.bias.defined() && term.bias.requires_grad());
            saved.insert(
                saved.end(),
                {is_measured(term) || has_gradient ? maps[i] : at::Tensor(), term.weight, term.bias, factors[i].all});
            record->terms.push_back(without_tensors(term));
        }
        context->save_for_backward(saved);
        context->saved_data[record_name] =
            c10::IValue::make_capsule(c10::static_intrusive_pointer_cast<torch::CustomClassHolder>(record));
        return out;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &upstream) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "normalized_sum has no second derivative");
        const auto saved = context->get_saved_variables();
        const auto record = c10::static_intrusive_pointer_cast<Record>(context->saved_data.at(record_name).toCapsule());
        const size_t count = record->terms.size();
        const at::Tensor g = upstream[0].contiguous(channels_last_of(upstream[0]));
        const Division division(g);
        const MapShape shape = division.shape;
        const void *gradient = g.const_data_ptr();
        const void *out = record->rectified ? saved[0].const_data_ptr() : nullptr;

        std::vector<Term> terms = record->terms;
        std::vector<Factors> factors(count);
        // For each term which of the sums are its map's; −1 for none.
        std::vector<int> places(count, -1);
        ReductionOperands reduced{};
        for (size_t i = 0; i < count; ++i) {
            terms[i].x = saved[4 * i + 1];
            terms[i].weight = saved[4 * i + 2];
            terms[i].bias = saved[4 * i + 3];
            factors[i].all = saved[4 * i + 4];
            if (!terms[i].x.defined()) continue;
            places[i] = reduced.count;
            reduced.x[reduced.count] = terms[i].x.const_data_ptr();
            reduced.mean[reduced.count++] = factors[i].rows(2);
        }
        at::Tensor sums;
        if (reduced.count > 0) {
            sums = floats(g, {shape.images, shape.chunks, 1 + reduced.count, shape.channels});
            float *into = numbers(sums);
            launch(
                g.device(), named("sums", g).c_str(), division.grid((reduced.count + 2) / 3), 256,
                KernelArguments(reduced, gradient, out, into, shape, division.columns));
        }

        torch::autograd::variable_list gradients(count);
        GradientOperands of{};
        at::Tensor of_bare = record->rectified ? at::Tensor() : g;
        std::vector<at::Tensor> slopes(count);
        torch::autograd::variable_list affine;
        size_t input = count;
        for (size_t i = 0; i < count; ++i) {
            const Term &term = terms[i];
            std::array<at::Tensor, 2> of_affine;
            if (places[i] >= 0) slopes[i] = differentiate_norm(term, factors[i], sums, places[i], division, of_affine);
            for (size_t k = 0; k < 2; ++k) {
                if (!(k == 0 ? term.weight : term.bias).defined()) continue;
                affine.push_back(context->needs_input_grad(input++) ? of_affine[k] : at::Tensor());
            }
            if (!context->needs_input_grad(i)) continue;
            const bool is_bare = !factors[i].all.defined();
            if (is_bare && of_bare.defined()) {
                gradients[i] = of_bare;
                continue;
            }
            gradients[i] = map_like(g);
            if (is_bare) of_bare = gradients[i];
            const int place = of.count++;
            of.dx[place] = gradients[i].mutable_data_ptr();
            if (is_bare) continue;
            const Factors own{slopes[i]};
            of.p[place] = slopes[i].defined() ? own.rows(0) : factors[i].rows(0);
            if (!is_measured(term)) continue;
            of.x[place] = term.x.const_data_ptr();
            of.q[place] = own.rows(1);
            of.r[place] = own.rows(2);
        }
        if (of.count > 0) {
            launch(
                g.device(), named("gradients", g).c_str(), division.grid(), 256,
                KernelArguments(of, gradient, out, shape, division.columns));
        }
        gradients.insert(gradients.end(), affine.begin(), affine.end());
        gradients.resize(gradients.size() + 2);
        return gradients;
    }

private:
    static constexpr const char *record_name = "record";

    /// The factors p, q and r of a term, `[3, N or 1, C]`, and the gradients of its weight and bias.
    static at::Tensor differentiate_norm(
        const Term &term, const Factors &factors, const at::Tensor &sums, int place, const Division &division,
        std::array<at::Tensor, 2> &affine) {
        const MapShape shape = division.shape;
        const at::Device device = term.x.device();
        const NormOperands norm = operands_of(term);
        const auto count = static_cast<int>(sums.size(2)) - 1;
        const bool is_group = term.norm == CT_NORM_GROUP;
        const Factors slopes{floats(term.x, {3, is_group ? shape.images : 1, shape.channels})};
        const float *from = constants(sums), *mean = factors.of(2), *inverse = factors.of(3);
        float *p = slopes.of(0), *q = slopes.of(1), *r = slopes.of(2);
        if (is_group) {
            const at::Tensor of_images = floats(term.x, {shape.images, 2, shape.channels});
            float *into = numbers(of_images);
            launch(
                device, "group_gradients", {static_cast<uint32_t>(norm.groups), static_cast<uint32_t>(shape.images), 1},
                64, KernelArguments(from, place, count, norm, shape, mean, inverse, p, q, r, into));
            if (term.weight.defined() || term.bias.defined()) {
                const at::Tensor of_all = of_images.sum(0);
                affine = {of_all.select(0, 0), of_all.select(0, 1)};
            }
        } else {
            affine = {floats(term.x, {shape.channels}), floats(term.x, {shape.channels})};
            const int is_of_batch = is_measured(term);
            float *weight = numbers(affine[0]), *bias = numbers(affine[1]);
            launch(
                device, "batch_gradients", division.channel_grid(), 256,
                KernelArguments(from, place, count, norm, is_of_batch, shape, mean, inverse, p, q, r, weight, bias));
        }
        return slopes.all;
    }
};

}  // namespace

bool device_sum_applies(const std::vector<Term> &terms) {
    if (terms.empty() || static_cast<int64_t>(terms.size()) > most_device_terms) return false;
    const at::Tensor &first = terms[0].x;
    if (first.device().is_cpu() || (first.scalar_type() != at::kFloat && first.scalar_type() != at::kBFloat16) ||
        (first.dim() != 4 && first.dim() != 5) || first.numel() <= first.size(1) || first.numel() > INT32_MAX ||
        first.size(0) > UINT16_MAX / most_device_terms || first.size(1) % lanes_of(first) != 0) {
        return false;
    }
    const auto is_of_channels = [&](const at::Tensor &t) {
        return !t.defined() ||
            (t.scalar_type() == at::kFloat && t.device() == first.device() && t.is_contiguous() &&
             t.numel() == first.size(1));
    };
    const bool fit = std::all_of(terms.begin(), terms.end(), [&](const Term &term) {
        return term.x.device() == first.device() && term.x.scalar_type() == first.scalar_type() &&
            term.x.sizes() == first.sizes() && term.x.is_contiguous(channels_last_of(first)) &&
            reinterpret_cast<uintptr_t>(term.x.const_data_ptr()) % 16 == 0 && is_of_channels(term.weight) &&
            is_of_channels(term.bias) && is_of_channels(term.running_mean) && is_of_channels(term.running_variance) &&
            (term.norm != CT_NORM_GROUP || first.size(1) % term.groups == 0);
    });
    return fit && has_device_kernels(first.device());
}

at::Tensor device_sum(const std::vector<Term> &terms, bool rectified) {
    const SumInputs inputs(terms);
    if (inputs.wants_gradient)
        return DeviceSum::apply(at::TensorList(inputs.maps), at::TensorList(inputs.affine), terms, rectified);
    std::vector<Factors> factors;
    return add_up(terms, rectified, factors);
}

}  // namespace ctorch
