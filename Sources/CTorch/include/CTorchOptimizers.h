#ifndef CTORCH_OPTIMIZERS_H
#define CTORCH_OPTIMIZERS_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

// Every call takes the gradients from the parameters themselves, and changes the parameters outside autograd.

/// out[i]: whether parameter i holds a gradient.
ct_status ct_has_gradients(const ct_tensor *parameters, int32_t count, bool *out);
/// Drops the gradients.
ct_status ct_drop_gradients(const ct_tensor *parameters, int32_t count);

/// One step of stochastic gradient descent. `buffers` is null where momentum is 0; on a first step their contents are
/// ignored and become the gradients. Every parameter must hold a gradient.
ct_status ct_sgd_step(
    const ct_tensor *parameters, const ct_tensor *buffers, int32_t count, double learning_rate, double momentum,
    double weight_decay, bool nesterov, bool is_first_step);

/// Step number `step` (1, 2, …) of AdamW. Every parameter must hold a gradient.
ct_status ct_adamw_step(
    const ct_tensor *parameters, const ct_tensor *means, const ct_tensor *squares, int32_t count, int64_t step,
    double learning_rate, double beta1, double beta2, double epsilon, double weight_decay);

/// The Euclidean norm of all gradients together; parameters without one are passed over.
ct_status ct_gradient_norm(const ct_tensor *parameters, int32_t count, double *out);
/// out[i]: whether every number of parameter i's gradient is finite; true where it holds none.
ct_status ct_gradients_are_finite(const ct_tensor *parameters, int32_t count, bool *out);
/// Multiplies every gradient by `factor`.
ct_status ct_scale_gradients(const ct_tensor *parameters, int32_t count, double factor);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
