#ifndef CTORCH_OPTIMIZERS_H
#define CTORCH_OPTIMIZERS_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

// All calls work on the gradients that the parameters hold. Autograd records none of it.

/// Sets out[i] to whether parameter i holds a gradient.
ct_status ct_has_gradients(const ct_tensor *parameters, int32_t count, bool *out);
/// Drops the gradients of the parameters.
ct_status ct_drop_gradients(const ct_tensor *parameters, int32_t count);

// A step is not taken where `is_invalid`, float32 `[]` on the parameters' device, is 1; null takes it.

/// One step of stochastic gradient descent. `buffers` is null where momentum is 0; on a first step what they hold is
/// ignored, and they become the gradients. A parameter without a gradient is an error.
ct_status ct_sgd_step(
    const ct_tensor *parameters, const ct_tensor *buffers, int32_t count, double learning_rate, double momentum,
    double weight_decay, bool nesterov, bool is_first_step, ct_tensor is_invalid);

/// Step number `step` (1, 2, …) of AdamW. A parameter without a gradient is an error.
ct_status ct_adamw_step(
    const ct_tensor *parameters, const ct_tensor *means, const ct_tensor *squares, int32_t count, int64_t step,
    double learning_rate, double beta1, double beta2, double epsilon, double weight_decay, ct_tensor is_invalid);

/// The Euclidean norm of all gradients together, float32 `[]` on their device; parameters without one are passed over.
/// Null where none has one.
ct_status ct_gradient_norm(const ct_tensor *parameters, int32_t count, ct_tensor *out);
/// Sets out[i] to whether every number of parameter i's gradient is finite; true where it holds none.
ct_status ct_gradients_are_finite(const ct_tensor *parameters, int32_t count, bool *out);
/// Multiplies every gradient by `factor`.
ct_status ct_scale_gradients(const ct_tensor *parameters, int32_t count, double factor);
/// Multiplies every gradient by a number `[]` on the gradients' device.
ct_status ct_scale_gradients_by(const ct_tensor *parameters, int32_t count, ct_tensor factor);
/// Moves every tensor in place by `share` of the way to the target of the same number, of its shape and type.
ct_status ct_move_towards(const ct_tensor *tensors, const ct_tensor *targets, int32_t count, double share);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
