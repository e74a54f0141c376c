#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "guard.hpp"
#include "include/CTorchFused.h"
#include "normalized_sum_kernels.hpp"
#include "normalized_sum_passes.hpp"

// out = act(Σ h_i), where h_i is x_i, its norm, or both. In terms of one image and channel every norm is a ⊙ x + b, so the
// forward pass reads each x once, after its statistics are known, and the backward pass needs of each x only the sums of
// g and g ⊙ (x − mean): dx = p ⊙ g + q ⊙ (x − mean) + r. Nothing is saved but the x themselves and a bit for each output.

namespace ctorch {
namespace {

class NormalizedSum : public torch::autograd::Function<NormalizedSum> {
public:
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, at::TensorList maps, at::TensorList affine,
        const std::vector<Term> &terms, bool rectified, at::Tensor *moments) {
        std::vector<Normalization> norms;
        at::Tensor mask;
        const at::Tensor out = evaluate_sum(terms, rectified, norms, &mask, moments);
        std::vector<at::Tensor> saved;
        std::vector<int64_t> kinds;
        for (size_t i = 0; i < terms.size(); ++i) {
            const Term &term = terms[i];
            // An addend that is never read again is not kept.
            saved.push_back(is_bare(term) ? at::Tensor() : maps[i]);
            kinds.insert(
                kinds.end(),
                {term.is_plain, term.norm, term.groups, term.weight.defined(), term.bias.defined(), term.uses_running});
            context->saved_data["mean" + std::to_string(i)] = norms[i].mean;
            context->saved_data["inverse" + std::to_string(i)] = norms[i].deviation_inverse;
        }
        for (const at::Tensor &t : affine) saved.push_back(t);
        context->save_for_backward(saved);
        context->saved_data["kinds"] = kinds;
        context->saved_data["mask"] = mask;
        return out;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &upstream) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "normalized_sum has no second derivative");
        const auto saved = context->get_saved_variables();
        const std::vector<int64_t> kinds = context->saved_data["kinds"].toIntVector();
        const at::Tensor mask = context->saved_data["mask"].toTensor();
        const size_t count = kinds.size() / 6;
        std::vector<Term> terms(count);
        std::vector<Normalization> norms(count);
        std::vector<TermGradient> results(count);
        size_t affine = count;
        for (size_t i = 0; i < count; ++i) {
            const int64_t *kind = kinds.data() + 6 * i;
            Term &term = terms[i];
            term.x = saved[i];
            term.is_plain = kind[0] != 0;
            term.norm = static_cast<ct_norm>(kind[1]);
            term.groups = kind[2];
            term.uses_running = kind[5] != 0;
            results[i].wants_x = context->needs_input_grad(i);
            for (at::Tensor *t : {kind[3] != 0 ? &term.weight : nullptr, kind[4] != 0 ? &term.bias : nullptr}) {
                if (t == nullptr) continue;
                *t = saved[affine];
                results[i].wants_affine |= context->needs_input_grad(affine++);
            }
            norms[i] = {
                context->saved_data["mean" + std::to_string(i)].toTensor(),
                context->saved_data["inverse" + std::to_string(i)].toTensor()};
        }
        const at::Tensor g = upstream[0].contiguous(channels_last_of(upstream[0]));
        differentiate_sum(terms, norms, g, mask, results);
        torch::autograd::variable_list gradients;
        for (const TermGradient &result : results) gradients.push_back(result.x);
        for (size_t i = 0; i < count; ++i) {
            if (terms[i].weight.defined()) gradients.push_back(results[i].weight);
            if (terms[i].bias.defined()) gradients.push_back(results[i].bias);
        }
        gradients.resize(gradients.size() + 3);
        return gradients;
    }
};

bool is_affine(const at::Tensor &t, int64_t channels) {
    return !t.defined() ||
        (t.scalar_type() == at::kFloat && t.device().is_cpu() && t.is_contiguous() && t.numel() == channels);
}

bool applies(const std::vector<Term> &terms) {
    if (terms.empty() || static_cast<int64_t>(terms.size()) > most_terms) return false;
    const at::Tensor &first = terms[0].x;
    if (!first.device().is_cpu() || (first.scalar_type() != at::kFloat && first.scalar_type() != at::kBFloat16) ||
        (first.dim() != 4 && first.dim() != 5) || first.numel() == 0 || first.numel() == first.size(0) * first.size(1) || first.size(1) % 16 != 0) {
        return false;
    }
    return std::all_of(terms.begin(), terms.end(), [&](const Term &term) {
        const int64_t channels = first.size(1);
        const auto fits = [&](const at::Tensor &t) { return is_affine(t, channels); };
        return term.x.device().is_cpu() && term.x.scalar_type() == first.scalar_type() && term.x.sizes() == first.sizes() &&
            term.x.is_contiguous(channels_last_of(first)) && fits(term.weight) && fits(term.bias) && fits(term.running_mean) &&
            fits(term.running_variance) && (term.norm != CT_NORM_GROUP || channels % term.groups == 0);
    });
}

std::vector<Term> terms_of(const ct_sum_term *handles, int32_t count) {
    const auto tensor = [](ct_tensor handle) { return handle == nullptr ? at::Tensor() : handle->value; };
    std::vector<Term> terms;
    for (int32_t i = 0; i < count; ++i) {
        const ct_sum_term &t = handles[i];
        terms.push_back(
            {tensor(t.x), t.is_plain, t.norm, t.groups, tensor(t.weight), tensor(t.bias), tensor(t.running_mean),
             tensor(t.running_variance), t.uses_running, t.momentum, t.epsilon, tensor(t.moments)});
    }
    return terms;
}

}  // namespace
}  // namespace ctorch

using namespace ctorch;

bool ct_normalized_sum_applies(const ct_sum_term *handles, int32_t count) { return applies(terms_of(handles, count)); }

ct_status ct_normalized_sum(
    const ct_sum_term *handles, int32_t count, bool rectified, ct_tensor *out, ct_tensor *moments) {
    return ct_guard([&] {
        const std::vector<Term> terms = terms_of(handles, count);
        TORCH_CHECK(applies(terms), "normalized_sum: these operands want the composed form");
        bool needs_gradient = false;
        std::vector<at::Tensor> maps, affine;
        for (const Term &term : terms) {
            maps.push_back(term.x);
            needs_gradient |= term.x.requires_grad();
            for (const at::Tensor &t : {term.weight, term.bias}) {
                if (!t.defined()) continue;
                affine.push_back(t);
                needs_gradient |= t.requires_grad();
            }
            TORCH_CHECK(
                term.norm != CT_NORM_BATCH || term.uses_running || term.x.numel() > term.x.size(1),
                "batch norm in training needs more than one value for each channel, got ", term.x.sizes());
        }
        at::Tensor known;
        at::Tensor *wanted = moments == nullptr ? nullptr : &known;
        at::Tensor result;
        if (at::GradMode::is_enabled() && needs_gradient) {
            result = NormalizedSum::apply(
                at::TensorList(maps), at::TensorList(affine), terms, rectified, wanted);
        } else {
            std::vector<Normalization> norms;
            result = evaluate_sum(terms, rectified, norms, nullptr, wanted);
        }
        *out = wrap(std::move(result));
        if (wanted != nullptr) *moments = wrap(std::move(known));
    });
}
