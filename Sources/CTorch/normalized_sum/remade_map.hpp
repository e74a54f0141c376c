// Maps that are computed again in the backward pass instead of being kept for it.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include <functional>
#include <mutex>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// A map that an operation's backward pass reads, and that can be computed again, bit for bit, from what is kept in any case:
///
/// - a sum of norms, from the maps that it sums, which it keeps for its own gradient, and the norms' vectors: one pass over
///   the maps. One of them may itself be a sum that is made again: its own gradient needs it then in any case.
/// - the first convolution of a network, from the images: it has the largest map of all, and few channels to sum over.
///
/// While lean memory is on (`ct_set_lean_memory`), these as well, which take more time:
///
/// - a sum that adds another sum without a norm, as a residual block does.
/// - a 1×1 convolution to at least twice as many channels, of all convolutions the one with the most memory for its time.
///
/// The node that makes a map is kept alive by the edge that leads to it from the operation that reads the map.
class RemadeMap {
public:
    /// Whether lean memory is on for this thread.
    static bool &is_lean();

    /// The node that can make a map again; null where the map is to be kept.
    static torch::autograd::Node *maker_of(const at::Tensor &map);
    /// How many nodes have to make a map in turn until this one can make its own.
    static int64_t depth_of(torch::autograd::Node *maker);
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

/// A map that a node has made again, for all operations that read it.
class SharedRemadeMap {
public:
    at::Tensor get(const std::function<at::Tensor()> &make) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!map_.defined()) map_ = make();
        return map_;
    }
    void forget() {
        const std::lock_guard<std::mutex> lock(mutex_);
        map_.reset();
    }

private:
    std::mutex mutex_;
    at::Tensor map_;
};

}  // namespace ctorch

#pragma GCC visibility pop
