#include "normalized_sum/normalized_sum_ledger.hpp"
#include "core/elements.hpp"

#include <algorithm>

namespace ctorch {

void Debts::add(const MaskedMap &g, const Derivative &derivative, const at::Tensor &x, const at::Tensor &means) {
    // A map that comes twice, as x beside its norm, is read once.
    const auto same = std::find_if(parts.begin(), parts.end(), [&](const Part &part) {
        return part.g.map.is_same(g.map) && part.g.mask.is_same(g.mask);
    });
    if (same == parts.end()) {
        parts.push_back({g, derivative.p});
    } else {
        std::vector<float> &p = same->p;
        const size_t count = std::max(p.size(), derivative.p.size());
        if (count == 0) {
            p.assign(g.map.size(0) * g.map.size(1), 2);
        } else {
            p.resize(count, 1);
            for (size_t i = 0; i < count; ++i) p[i] += derivative.p.empty() ? 1 : derivative.p[i];
        }
    }
    if (derivative.q.empty()) return;
    if (q.empty()) {
        this->x = x;
        centre = means;
        q = derivative.q;
        r = derivative.r;
        return;
    }
    // All are brought to one centre: q ⊙ (x − mean) = q ⊙ (x − centre) + q ⊙ (centre − mean).
    const int64_t channels = centre.size(1);
    const float *from = elements<float>(centre), *to = elements<float>(means);
    for (size_t i = 0; i < q.size(); ++i) {
        const size_t channel = i % channels;
        const double apart =
            static_cast<double>(from[centre.size(0) == 1 ? channel : i]) - to[means.size(0) == 1 ? channel : i];
        q[i] += derivative.q[i];
        r[i] += derivative.r[i] + derivative.q[i] * apart;
    }
}

void Ledger::add(
    int pass, const MaskedMap &g, const Derivative &derivative, const at::Tensor &x, const at::Tensor &means) {
    const std::lock_guard<std::mutex> lock(mutex_);
    debts_[pass].add(g, derivative, x, means);
}

Debts Ledger::take(int pass) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = debts_.find(pass);
    if (found == debts_.end()) return {};
    Debts result = std::move(found->second);
    debts_.erase(found);
    return result;
}

}  // namespace ctorch
