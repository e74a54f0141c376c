#ifndef CTORCH_FUSED_H
#define CTORCH_FUSED_H

#include "CTorchCore.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The weight of a fused convolution with its geometry, and the layouts of it that are made when first needed. Not to be
/// used by two threads at once.
typedef struct ct_fused_weight_s *ct_fused_weight_handle;

/// `weight` is `[K, C / groups, …]` with `rank` (2 or 3) axes of space; the settings hold one number an axis.
ct_status ct_fused_weight(
    ct_tensor weight, const int64_t *stride, const int64_t *padding, const int64_t *dilation, int32_t rank,
    int64_t groups, ct_fused_weight_handle *out);
void ct_fused_weight_release(ct_fused_weight_handle weight);

/// act(x * weight + bias + other) without gradient; `bias` and `other` may be null. On the CPU in float32 one pass of
/// oneDNN, or Winograd's algorithm where it is faster, and channels-last; elsewhere composed.
ct_status ct_fused_convolution(
    ct_tensor input, ct_fused_weight_handle weight, ct_tensor bias, ct_tensor other, bool relu, ct_tensor *out);

#ifdef __cplusplus
}
#endif
#endif
