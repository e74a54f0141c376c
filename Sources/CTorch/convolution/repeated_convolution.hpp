// Convolutions that are computed again in the backward pass: see `remade_map.hpp`.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The node of the convolution that made a map of images, that is, of a few channels that want no gradient; null for any
/// other map.
torch::autograd::Node *first_convolution(const at::Tensor &map);
/// The map that such a node made, computed again.
at::Tensor repeat_convolution(torch::autograd::Node *node);

}  // namespace ctorch

#pragma GCC visibility pop
