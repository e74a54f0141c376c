// The forward and the backward pass of normalised sums, without autograd: see `normalized_sum.cpp`.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <vector>

#include "CTorchFused.h"
#include "normalized_sum/normalized_sum_ledger.hpp"
#include "core/elements.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// One addend, as `ct_sum_term` describes it.
struct Term {
    at::Tensor x;
    bool is_plain = false;
    ct_norm norm = CT_NORM_NONE;
    int64_t groups = 1;
    at::Tensor weight, bias, running_mean, running_variance;
    bool uses_running = false;
    double momentum = 0, epsilon = 0;
    /// Means and variances of each image and channel, `[N, 2, C]`, where they are known.
    at::Tensor moments;
};

/// Whether a term is x itself, with nothing to multiply or add.
bool is_bare(const Term &term);

/// A term without its tensors, as the backward pass keeps it beside the saved ones.
inline Term without_tensors(const Term &term) {
    return {.is_plain = term.is_plain, .norm = term.norm, .groups = term.groups, .uses_running = term.uses_running};
}

/// The inputs of a sum that may have a gradient.
struct SumInputs {
    /// The x of every term, and each weight and bias that there is, term by term.
    std::vector<at::Tensor> maps, affine;
    bool wants_gradient = false;

    explicit SumInputs(const std::vector<Term> &terms) {
        for (const Term &term : terms) {
            add(maps, term.x);
            for (const at::Tensor &t : {term.weight, term.bias}) {
                if (t.defined()) add(affine, t);
            }
        }
        wants_gradient &= at::GradMode::is_enabled();
    }

private:
    void add(std::vector<at::Tensor> &list, const at::Tensor &tensor) {
        list.push_back(tensor);
        wants_gradient |= tensor.requires_grad();
    }
};

/// What a norm subtracts and multiplies by, for each image and channel, or for all images alike where there is one row.
class Normalization {
public:
    /// `[N or 1, C]` float32; undefined for a term without norm.
    at::Tensor mean, deviation_inverse;

    /// How many rows of statistics there are: one for each image, or one for all of them.
    int64_t rows() const { return mean.defined() ? mean.size(0) : 1; }
    /// The means of one image; null for a term without norm.
    const float *means(int64_t image) const { return row(mean, image); }
    const float *inverses(int64_t image) const { return row(deviation_inverse, image); }

private:
    static const float *row(const at::Tensor &rows, int64_t image) {
        if (!rows.defined()) return nullptr;
        return elements<float>(rows) + (rows.size(0) == 1 ? 0 : image) * rows.size(1);
    }
};

/// What the backward pass gives for a term.
struct TermGradient {
    bool wants_x = false, wants_affine = false;
    /// Whether the gradient of x is wanted as its factors, and not as a map.
    bool is_deferred = false;
    Derivative derivative;
    /// The gradients; undefined where they were not wanted.
    at::Tensor x, weight, bias;
};

/// Computes the sum, and puts into `norms` what the backward pass needs of each term.
///
/// - mask: gets a bit for each value that the ReLU lets pass; null: no gradient is wanted.
/// - moments: gets means and variances of each image and channel; null: not wanted.
at::Tensor evaluate_sum(
    const std::vector<Term> &terms, bool rectified, std::vector<Normalization> &norms, at::Tensor *mask,
    at::Tensor *moments);

/// Computes the sum once more, with the norms that `evaluate_sum` found.
at::Tensor repeat_sum(const std::vector<Term> &terms, const std::vector<Normalization> &norms, bool rectified);

/// What of `results` is wanted.
///
/// - g: the sum's gradient, channels last, before its ReLU's mask; its map may be undefined where something is owed. It
///   becomes what the derivatives of all terms refer to.
void differentiate_sum(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, MaskedMap &g, const Debts &owed,
    std::vector<TermGradient> &results);

}  // namespace ctorch

#pragma GCC visibility pop
