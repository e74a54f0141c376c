// What later sums owe to the gradient of a sum that they have read.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <mutex>
#include <vector>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// A map, of which only those values count that a ReLU let pass.
struct MaskedMap {
    at::Tensor map;
    /// A bit for each value; undefined: all of them.
    at::Tensor mask;
};

/// dx = p ⊙ g + q ⊙ (x − mean) + r of one addend, `[N, C]` each.
struct Derivative {
    /// Empty: 1.
    std::vector<float> p;
    /// Empty: 0.
    std::vector<double> q, r;
};

/// A share of the gradient of a map x: Σ p ⊙ g + q ⊙ (x − centre) + r.
class Debts {
public:
    struct Part {
        MaskedMap g;
        /// Empty: 1.
        std::vector<float> p;
    };

    std::vector<Part> parts;
    /// `[N, C, …]`, and `[N or 1, C]`; undefined where q is empty.
    at::Tensor x, centre;
    /// `[N, C]`; empty: 0.
    std::vector<double> q, r;

    bool is_empty() const { return parts.empty(); }
    /// One more addend's, of x by its norm with these means; both undefined where the derivative has no q.
    void add(const MaskedMap &g, const Derivative &derivative, const at::Tensor &x, const at::Tensor &means);
};

/// What is owed to one sum, for each backward pass under way: two may run at once, and one that has failed never collects.
class Ledger {
public:
    void add(int pass, const MaskedMap &g, const Derivative &derivative, const at::Tensor &x, const at::Tensor &means);
    /// What has been added, which is then forgotten.
    Debts take(int pass);

private:
    std::mutex mutex_;
    std::map<int, Debts> debts_;
};

}  // namespace ctorch

#pragma GCC visibility pop
