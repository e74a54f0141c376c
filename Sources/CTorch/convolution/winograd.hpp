// 3×3 convolutions of stride 1 and padding 1 by Winograd's minimal filtering (Lavin and Gray, "Fast algorithms for
// convolutional neural networks", 2016): F(4×4, 3×3), a quarter of the multiplications.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The convolutions of maps `[N, C, H, W]` with one weight `[O, C, 3, 3]` and bias `[O]` (or undefined), channels last.
/// Differentiable once; with `relu` not at all, and an operand that requires a gradient is refused. For operands for
/// which `ct_choose_convolution` chooses `CT_WINOGRAD`.
std::vector<at::Tensor> winograd_convolution(
    const std::vector<at::Tensor> &maps, const at::Tensor &weight, const at::Tensor &bias, bool relu);

/// A weight `[O, C, 3, 3]` in the transformed domain: 36 matrices, each in panels `[C, 32]` of outputs, the last of which
/// may have 16.
at::Tensor winograd_weight(const at::Tensor &weight);

/// act(map ∗ weight + bias + addend) of one map and a weight of so many outputs that `winograd_weight` transformed, without
/// gradient. The bias `[O]` and the addend may be undefined.
at::Tensor winograd_inference(
    const at::Tensor &map, const at::Tensor &weight, int64_t outputs, const at::Tensor &bias, const at::Tensor &addend,
    bool relu);

}  // namespace ctorch

#pragma GCC visibility pop
