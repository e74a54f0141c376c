#ifndef CTORCH_AUTOGRAD_H
#define CTORCH_AUTOGRAD_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

bool ct_requires_grad(ct_tensor x);
ct_status ct_set_requires_grad(ct_tensor x, bool on);
bool ct_is_leaf(ct_tensor x);
ct_status ct_detach(ct_tensor x, ct_tensor *out);
/// The accumulated gradient of a leaf; null where there is none.
ct_status ct_grad(ct_tensor x, ct_tensor *out);
/// Replaces the gradient; null clears it.
ct_status ct_set_grad(ct_tensor x, ct_tensor grad);

/// Gradients of `x` (times `gradient`, null for a scalar's 1) are added to the leaves' `grad`.
ct_status ct_backward(ct_tensor x, ct_tensor gradient, bool retain_graph);
/// Gradients of the outputs for the inputs, returned; null where an input doesn't take part.
ct_status ct_gradients(
    const ct_tensor *outputs, const ct_tensor *output_gradients, int32_t output_count, const ct_tensor *inputs,
    int32_t input_count, bool retain_graph, bool create_graph, ct_tensor *out);

bool ct_grad_mode(void);
void ct_set_grad_mode(bool on);

/// Autocast state of the calling thread for a kind of device.
typedef struct ct_autocast {
    bool enabled;
    ct_dtype dtype;
} ct_autocast;
ct_status ct_autocast_enter(bool cuda, ct_dtype dtype, ct_autocast *previous);
ct_status ct_autocast_leave(bool cuda, ct_autocast previous);

/// A part of a computation that can be run again.
typedef struct ct_segment {
    void *context;
    /// Takes over the handle of its input and gives a new one of its output.
    ct_tensor (*run)(void *context, ct_tensor x);
    void (*release)(void *context);
} ct_segment;
/// Runs the segment without keeping what its backward pass needs: that is made by running it once more, when its gradient
/// is wanted. Gradients of what it holds inside are added to the leaves. The segment is released in any case.
ct_status ct_checkpoint(ct_tensor x, ct_segment segment, ct_tensor *out);
/// Whether the calling thread runs a segment for the second time.
bool ct_is_recomputing(void);
/// Another handle of the same tensor.
ct_tensor ct_share(ct_tensor tensor);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
