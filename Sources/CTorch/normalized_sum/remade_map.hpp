// Maps that are computed again in the backward pass instead of being kept for it.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// A map that an operation's backward pass reads, and that can be computed again cheaply, bit for bit, from what is kept in
/// any case:
///
/// - a sum of norms, from the maps that it sums, which it keeps for its own gradient, and the norms' vectors: one pass over
///   the maps. Sums of which a part would have to be made again itself are kept, so that one pass is enough.
/// - the first convolution of a network, from the images: it has the largest map of all, and few channels to sum over.
///
/// The node that makes a map is kept alive by the edge that leads to it from the operation that reads the map.
class RemadeMap {
public:
    /// The node that can make a map again; null where the map is to be kept.
    static torch::autograd::Node *maker_of(const at::Tensor &map);
    /// The map that such a node made. It is kept from the first call in a backward pass until the node's own gradient has
    /// been computed.
    static at::Tensor remake(torch::autograd::Node *maker);

    /// What a context is to save in the place of an input: the map, or nothing where it will be made again.
    static at::Tensor save(torch::autograd::AutogradContext *context, const at::Tensor &map);
    /// The map that `save` was called with.
    ///
    /// - saved: what the context has saved in its place.
    static at::Tensor load(torch::autograd::AutogradContext *context, const at::Tensor &saved);
};

}  // namespace ctorch

#pragma GCC visibility pop
