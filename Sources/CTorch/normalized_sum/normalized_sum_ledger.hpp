// What later sums owe to the gradient of a sum that they have read.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <mutex>
#include <vector>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// A map of which only the values count that a ReLU has let pass.
struct MaskedMap {
    at::Tensor map;
    /// A bit for each value that counts; undefined for all of them.
    at::Tensor mask;
};

/// The gradient of one addend, dx = p ⊙ g + q ⊙ (x − mean) + r, by its factors `[N, C]`.
struct Derivative {
    /// Empty for 1 throughout.
    std::vector<float> p;
    /// Empty for 0 throughout.
    std::vector<double> q, r;
};

/// A part of the gradient of a map x: Σ p ⊙ g + q ⊙ (x − centre) + r.
class Debts {
public:
    struct Part {
        MaskedMap g;
        /// Empty for 1 throughout.
        std::vector<float> p;
    };

    std::vector<Part> parts;
    /// The map `[N, C, …]` and the centre `[N or 1, C]`; undefined where q is empty.
    at::Tensor x, centre;
    /// Factors `[N, C]`; empty for 0 throughout.
    std::vector<double> q, r;

    bool is_empty() const { return parts.empty(); }
    /// Adds what one more addend owes: x with its norm, which has these means. Both are undefined where the derivative
    /// has no q.
    void add(const MaskedMap &g, const Derivative &derivative, const at::Tensor &x, const at::Tensor &means);
};

/// What is owed to one sum, kept apart for each backward pass under way: two may run at once, and one that failed never
/// collects.
class Ledger {
public:
    void add(int pass, const MaskedMap &g, const Derivative &derivative, const at::Tensor &x, const at::Tensor &means);
    /// Gives what is owed in a pass, and forgets it.
    Debts take(int pass);

private:
    std::mutex mutex_;
    std::map<int, Debts> debts_;
};

}  // namespace ctorch

#pragma GCC visibility pop
