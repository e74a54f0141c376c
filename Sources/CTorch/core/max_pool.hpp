// Max pooling for training on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The windows of a pooling, with a number for each of two or three axes of space.
struct PoolingWindow {
    std::vector<int64_t> kernel, stride, padding;
    /// Whether a last window that sticks out gives an output too.
    bool ceil_mode;
};

/// Whether `max_pool` takes a map: one that wants a gradient, in float32 or bfloat16 with the channels last, on the CPU, and
/// windows of at most 255 positions. All others are libtorch's, and so is the message about windows that can't be.
bool max_pool_applies(const at::Tensor &x, const PoolingWindow &window);

/// The largest value of each window, as `torch.nn.functional.max_pool2d` and `max_pool3d` give it; differentiable once.
///
/// For the backward pass it keeps one byte for each output, which says where in its window the largest value was. libtorch
/// keeps the whole input and eight bytes for each output.
at::Tensor max_pool(const at::Tensor &x, const PoolingWindow &window);

}  // namespace ctorch

#pragma GCC visibility pop
