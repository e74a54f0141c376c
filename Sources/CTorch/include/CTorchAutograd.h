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
/// The gradient that a leaf has accumulated; null where there is none.
ct_status ct_grad(ct_tensor x, ct_tensor *out);
/// Replaces a leaf's gradient; null drops it.
ct_status ct_set_grad(ct_tensor x, ct_tensor grad);

/// Adds the gradients of `x`, each times `gradient`, to the `grad` of the leaves that it was computed from. A null
/// `gradient` is 1, for an `x` of one element.
ct_status ct_backward(ct_tensor x, ct_tensor gradient, bool retain_graph);
/// The gradients of the outputs' sum for the inputs, in `out`; null for an input on which no output depends. A null
/// output gradient is 1, for an output of one element.
ct_status ct_gradients(
    const ct_tensor *outputs, const ct_tensor *output_gradients, int32_t output_count, const ct_tensor *inputs,
    int32_t input_count, bool retain_graph, bool create_graph, ct_tensor *out);

/// Whether the calling thread records operations.
bool ct_grad_mode(void);
void ct_set_grad_mode(bool on);

/// Autocast as it is on the calling thread for one kind of device.
typedef struct ct_autocast {
    bool enabled;
    ct_dtype dtype;
} ct_autocast;
/// Switches autocast on and says in `previous` how it was, which `ct_autocast_leave` brings back.
ct_status ct_autocast_enter(int32_t device, ct_dtype dtype, ct_autocast *previous);
ct_status ct_autocast_leave(int32_t device, ct_autocast previous);

/// A part of a computation that can be run again.
typedef struct ct_segment {
    void *context;
    /// Computes the output of an input, whose handle it takes over; the output's handle is new.
    ct_tensor (*run)(void *context, ct_tensor x);
    /// Called once, when the segment can't be run any more.
    void (*release)(void *context);
} ct_segment;
/// Runs the segment without keeping what its backward pass needs: for that it is run once more. Gradients of the
/// parameters inside it are added to them as leaves. The segment is released in any case.
ct_status ct_checkpoint(ct_tensor x, ct_segment segment, ct_tensor *out);
/// Whether the calling thread runs a segment once more, for its backward pass.
bool ct_is_recomputing(void);
/// Another handle of the same tensor.
ct_tensor ct_share(ct_tensor tensor);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
