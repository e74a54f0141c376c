// Maps that are computed again in the backward pass instead of being kept for it.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// A map that an operation's backward pass reads. Where it is the norm of another map, with or without a ReLU, it is computed
/// again from that map, which the norm keeps for its own gradient, and from the norm's two vectors: one pass over the map
/// instead of its memory. The numbers are the same, bit for bit.
class RemadeMap {
public:
    /// What the context is to save in the place of a map: the map, or nothing where it will be made again.
    ///
    /// The node that makes it is kept alive by the edge that leads to it from the operation that reads the map, so the map
    /// must be an input of that operation.
    static at::Tensor save(torch::autograd::AutogradContext *context, const at::Tensor &map);
    /// The map that `save` was called with.
    ///
    /// - saved: what the context has saved in its place.
    static at::Tensor load(torch::autograd::AutogradContext *context, const at::Tensor &saved);
};

}  // namespace ctorch

#pragma GCC visibility pop
