// Convolutions that are computed again in the backward pass: see `remade_map.hpp`.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The node of the convolution that made a map, if it is one that is computed again rather than kept; null for any other map.
torch::autograd::Node *repeatable_convolution(const at::Tensor &map);
/// How many nodes have to make a map in turn until such a node can: one at least, as for a sum of a sum.
int64_t depth_of_convolution(torch::autograd::Node *node);
/// The map that such a node made, computed again.
at::Tensor repeat_convolution(torch::autograd::Node *node);

}  // namespace ctorch

#pragma GCC visibility pop
