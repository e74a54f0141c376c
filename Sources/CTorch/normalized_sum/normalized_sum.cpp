#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/graph_task.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "convolution/repeated_convolution.hpp"
#include "core/guard.hpp"
#include "CTorchFused.h"
#include "normalized_sum/device_sum.hpp"
#include "normalized_sum/normalized_sum_kernels.hpp"
#include "normalized_sum/normalized_sum_passes.hpp"
#include "normalized_sum/remade_map.hpp"

// out = act(Σ h_i), where h_i is x_i, its norm, or both. Within one image and channel every norm is a ⊙ x + b, so the
// forward pass reads each x once, when its statistics are known. The backward pass, with g the gradient of the sum,
// needs of each x only the sums of g and of g ⊙ (x − mean); then dx = p ⊙ g + q ⊙ (x − mean) + r. Nothing is saved but
// the x themselves and a bit for each output.
//
// Where x_i is itself such a sum, dx_i isn't even written. Instead p, q and r go into the ledger of the sum that made
// x_i, with the map g, which all terms share. That sum's backward pass runs after those of all sums that read it,
// because their edges to it stay in the graph, and it adds up what is owed while it reads its own upstream gradient.
// Nothing is left for autograd to add.
//
// A sum isn't kept by the operations that read it either, if it can be made again: see `RemadeMap`.

namespace ctorch {
namespace {

using torch::autograd::Node;

/// What the backward pass keeps beside the saved variables.
struct Record : torch::CustomClassHolder {
    /// The terms, without their tensors.
    std::vector<Term> terms;
    std::vector<Normalization> norms;
    at::Tensor mask;
    /// For each term the node of the sum that made its x, null where none did. An edge of the graph keeps it alive.
    std::vector<Node *> makers;
    /// For each term the node that makes its x again for the backward pass, null where x is kept or not needed.
    std::vector<Node *> remakers;
    /// Whether the sum can be made again, and how many nodes have to make a map in turn until it can.
    bool is_remakeable = true;
    int64_t depth = 0;
    SharedRemadeMap remade;
    Ledger ledger;

    /// The map of a term, for the backward pass or for making the sum again.
    at::Tensor map(size_t term, const at::Tensor &saved) const {
        return remakers[term] == nullptr ? saved : RemadeMap::remake(remakers[term]);
    }
};

/// Whether `maker` may be given its gradient by way of the ledger: it runs later in the backward pass under way, and
/// nothing else looks at the gradient that reaches it. A pass for some inputs may stop in front of it or take the
/// gradient away, and a hook would see it first.
bool collects(Node *maker) {
    const auto *plan = torch::autograd::get_current_graph_task_exec_info();
    if (plan != nullptr && !plan->empty()) {
        const auto found = plan->find(maker);
        if (found == plan->end() || !found->second.needed_ || found->second.captures_ != nullptr) return false;
    }
    return maker->pre_hooks().empty() && maker->tensor_pre_hooks().empty() && maker->retains_grad_hooks().empty();
}

class NormalizedSum : public torch::autograd::Function<NormalizedSum> {
public:
    /// Most nodes that have to make maps in turn until a sum can be made again. A sum of kept maps needs none.
    static constexpr int64_t most_depth = 1;
    /// Most nodes that have to make maps in turn with lean memory. A block's sum, of a convolution of a sum of kept maps, needs
    /// two, and the sum of the next block is kept: if all were made again, those of a whole stage would be there at a time.
    static constexpr int64_t most_lean_depth = 2;

    static at::Tensor forward(
        torch::autograd::AutogradContext *context, at::TensorList maps, at::TensorList, const std::vector<Term> &terms,
        bool rectified, at::Tensor *moments) {
        const auto record = c10::make_intrusive<Record>();
        const at::Tensor out = evaluate_sum(terms, rectified, record->norms, &record->mask, moments);
        std::vector<at::Tensor> saved;
        for (size_t i = 0; i < terms.size(); ++i) {
            const Term &term = terms[i];
            Node *sum = record_of(maps[i].grad_fn().get()) == nullptr ? nullptr : maps[i].grad_fn().get();
            // The gradient of a bare addend doesn't need it. Only to make this sum again is it kept, or made again, and
            // only if it is a sum, which others keep in any case: the output of a convolution is as large as this one.
            const bool is_wanted = !is_bare(term) || (RemadeMap::is_lean() && sum != nullptr);
            Node *remaker = is_wanted || RemadeMap::is_lean() ? RemadeMap::maker_of(maps[i]) : nullptr;
            saved.insert(
                saved.end(), {is_wanted && remaker == nullptr ? maps[i] : at::Tensor(), term.weight, term.bias});
            record->remakers.push_back(remaker);
            record->is_remakeable &= is_wanted || remaker != nullptr;
            if (remaker != nullptr) record->depth = std::max(record->depth, RemadeMap::depth_of(remaker) + 1);
            record->terms.push_back(without_tensors(term));
            record->makers.push_back(sum);
        }
        record->is_remakeable &= record->depth <= (RemadeMap::is_lean() ? most_lean_depth : most_depth);
        context->save_for_backward(saved);
        context->saved_data[record_name] =
            c10::IValue::make_capsule(c10::static_intrusive_pointer_cast<torch::CustomClassHolder>(record));
        // A sum that only later sums have read gets its gradient from its ledger alone.
        context->set_materialize_grads(false);
        return out;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &upstream) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "normalized_sum has no second derivative");
        const auto saved = context->get_saved_variables();
        const auto record = c10::static_intrusive_pointer_cast<Record>(context->saved_data.at(record_name).toCapsule());
        record->remade.forget();
        const size_t count = record->terms.size();
        std::vector<Term> terms = record->terms;
        std::vector<TermGradient> results(count);
        size_t affine = count;
        for (size_t i = 0; i < count; ++i) {
            Term &term = terms[i];
            term.weight = saved[3 * i + 1];
            term.bias = saved[3 * i + 2];
            results[i].wants_x = context->needs_input_grad(i);
            results[i].is_deferred = results[i].wants_x && record->makers[i] != nullptr && collects(record->makers[i]);
            for (const at::Tensor &t : {term.weight, term.bias}) {
                if (t.defined()) results[i].wants_affine |= context->needs_input_grad(affine++);
            }
        }
        const int pass = torch::autograd::get_current_graph_task_id();
        const Debts owed = record->ledger.take(pass);
        torch::autograd::variable_list gradients;
        if (!upstream[0].defined() && owed.is_empty()) {
            gradients.resize(affine + 3);
            return gradients;
        }
        for (size_t i = 0; i < count; ++i) {
            if (!is_bare(terms[i])) terms[i].x = record->map(i, saved[3 * i]);
        }
        MaskedMap g{{}, record->mask};
        if (upstream[0].defined()) g.map = upstream[0].contiguous(channels_last_of(upstream[0]));
        differentiate_sum(terms, record->norms, g, owed, results);
        for (size_t i = 0; i < count; ++i) {
            gradients.push_back(results[i].x);
            if (!results[i].is_deferred) continue;
            // The elements of x without its history, which leads to the ledger and would keep it alive.
            record_of(record->makers[i])
                ->ledger.add(
                    pass, g, results[i].derivative, terms[i].x.defined() ? terms[i].x.detach() : at::Tensor(),
                    record->norms[i].mean);
        }
        for (size_t i = 0; i < count; ++i) {
            if (terms[i].weight.defined()) gradients.push_back(results[i].weight);
            if (terms[i].bias.defined()) gradients.push_back(results[i].bias);
        }
        gradients.resize(affine + 3);
        return gradients;
    }

    /// The node of a sum that can be made again; null for any other map.
    static Node *maker_of(const at::Tensor &map) {
        Node *node = map.grad_fn().get();
        const auto record = record_of(node);
        return record != nullptr && record->is_remakeable ? node : nullptr;
    }

    /// How many nodes have to make a map in turn until a sum's node can; nothing for a node of another kind.
    static std::optional<int64_t> depth_of(Node *node) {
        const auto record = record_of(node);
        return record == nullptr ? std::nullopt : std::make_optional(record->depth);
    }

    /// The sum that a node made; undefined for a node of another kind.
    static at::Tensor remake(Node *node) {
        const auto record = record_of(node);
        if (record == nullptr) return {};
        return record->remade.get([&] {
            auto &context = static_cast<torch::autograd::CppNode<NormalizedSum> *>(node)->ctx_;
            const auto saved = context.get_saved_variables();
            std::vector<Term> terms = record->terms;
            for (size_t i = 0; i < terms.size(); ++i) {
                terms[i].x = record->map(i, saved[3 * i]);
                terms[i].weight = saved[3 * i + 1];
                terms[i].bias = saved[3 * i + 2];
            }
            return repeat_sum(terms, record->norms, record->mask.defined());
        });
    }

private:
    static constexpr const char *record_name = "record";

    /// The record of a normalised sum's node; null for any other node.
    static c10::intrusive_ptr<Record> record_of(Node *node) {
        auto *sum = dynamic_cast<torch::autograd::CppNode<NormalizedSum> *>(node);
        if (sum == nullptr) return {};
        return c10::static_intrusive_pointer_cast<Record>(sum->ctx_.saved_data.at(record_name).toCapsule());
    }
};

bool is_affine(const at::Tensor &t, int64_t channels) {
    return !t.defined() ||
        (t.scalar_type() == at::kFloat && t.device().is_cpu() && t.is_contiguous() && t.numel() == channels);
}

bool applies(const std::vector<Term> &terms) {
    if (terms.empty() || static_cast<int64_t>(terms.size()) > most_terms) return false;
    const at::Tensor &first = terms[0].x;
    if (!is_native(first) || (first.scalar_type() != at::kFloat && first.scalar_type() != at::kBFloat16) ||
        (first.dim() != 4 && first.dim() != 5) || first.numel() == 0 ||
        first.numel() == first.size(0) * first.size(1) || first.size(1) % 16 != 0) {
        return false;
    }
    return std::all_of(terms.begin(), terms.end(), [&](const Term &term) {
        const int64_t channels = first.size(1);
        const auto fits = [&](const at::Tensor &t) { return is_affine(t, channels); };
        return term.x.device().is_cpu() && term.x.scalar_type() == first.scalar_type() &&
            term.x.sizes() == first.sizes() && term.x.is_contiguous(channels_last_of(first)) && fits(term.weight) &&
            fits(term.bias) && fits(term.running_mean) && fits(term.running_variance) &&
            (term.norm != CT_NORM_GROUP || channels % term.groups == 0);
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

constexpr const char *maker_name = "maker";

}  // namespace

bool &RemadeMap::is_lean() {
    static thread_local bool is_lean = false;
    return is_lean;
}

Node *RemadeMap::maker_of(const at::Tensor &map) {
    Node *sum = NormalizedSum::maker_of(map);
    return sum != nullptr ? sum : repeatable_convolution(map);
}

int64_t RemadeMap::depth_of(Node *maker) {
    const std::optional<int64_t> of_sum = NormalizedSum::depth_of(maker);
    return of_sum ? *of_sum : depth_of_convolution(maker);
}

at::Tensor RemadeMap::remake(Node *maker) {
    const at::Tensor sum = NormalizedSum::remake(maker);
    return sum.defined() ? sum : repeat_convolution(maker);
}

at::Tensor RemadeMap::save(torch::autograd::AutogradContext *context, const at::Tensor &map) {
    Node *maker = maker_of(map);
    context->saved_data[maker_name] = static_cast<int64_t>(reinterpret_cast<intptr_t>(maker));
    return maker == nullptr ? map : at::Tensor();
}

at::Tensor RemadeMap::load(torch::autograd::AutogradContext *context, const at::Tensor &saved) {
    auto *maker = reinterpret_cast<Node *>(static_cast<intptr_t>(context->saved_data.at(maker_name).toInt()));
    return maker == nullptr ? saved : remake(maker);
}

}  // namespace ctorch

using namespace ctorch;

bool ct_normalized_sum_applies(const ct_sum_term *handles, int32_t count) {
    const std::vector<Term> terms = terms_of(handles, count);
    return applies(terms) || device_sum_applies(terms);
}

bool ct_lean_memory(void) { return RemadeMap::is_lean(); }
void ct_set_lean_memory(bool on) { RemadeMap::is_lean() = on; }

ct_status ct_normalized_sum(
    const ct_sum_term *handles, int32_t count, bool rectified, ct_tensor *out, ct_tensor *moments) {
    return ct_guard([&] {
        const std::vector<Term> terms = terms_of(handles, count);
        if (device_sum_applies(terms)) {
            *out = wrap(device_sum(terms, rectified));
            if (moments != nullptr) *moments = nullptr;
            return;
        }
        TORCH_CHECK(applies(terms), "normalized_sum: these operands want the composed form");
        for (const Term &term : terms) {
            TORCH_CHECK(
                term.norm != CT_NORM_BATCH || term.uses_running || term.x.numel() > term.x.size(1),
                "batch norm in training needs more than one value for each channel, got ", term.x.sizes());
        }
        at::Tensor known;
        at::Tensor *wanted = moments == nullptr ? nullptr : &known;
        at::Tensor result;
        const SumInputs inputs(terms);
        if (inputs.wants_gradient) {
            result = NormalizedSum::apply(
                at::TensorList(inputs.maps), at::TensorList(inputs.affine), terms, rectified, wanted);
        } else {
            std::vector<Normalization> norms;
            result = evaluate_sum(terms, rectified, norms, nullptr, wanted);
        }
        *out = wrap(std::move(result));
        if (wanted != nullptr) *moments = wrap(std::move(known));
    });
}
