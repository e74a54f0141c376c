#ifndef CTORCH_FUSED_H
#define CTORCH_FUSED_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

/// The weight of a fused convolution with its geometry, and the layouts of it, each made when first needed. Two threads
/// must not use one at the same time.
typedef struct ct_fused_weight_s *ct_fused_weight_handle;

/// Takes a weight `[O, C / groups, …]` with `rank` (2 or 3) axes of space; each setting has a number for each axis.
ct_status ct_fused_weight(
    ct_tensor weight, const int64_t *stride, const int64_t *padding, const int64_t *dilation, int32_t rank,
    int64_t groups, ct_fused_weight_handle *out);
void ct_fused_weight_release(ct_fused_weight_handle weight);

/// act(x ∗ weight + bias + other) for inference: an operand that requires a gradient is refused where operations are
/// recorded. `bias` and `other` may be null. On the CPU by what `ct_choose_convolution` chooses, channels-last;
/// elsewhere by libtorch's operations.
ct_status ct_fused_convolution(
    ct_tensor input, ct_fused_weight_handle weight, ct_tensor bias, ct_tensor other, bool relu, ct_tensor *out);

typedef enum ct_norm : int32_t { CT_NORM_NONE = 0, CT_NORM_BATCH = 1, CT_NORM_GROUP = 2 } ct_norm;

/// One addend of a normalised sum: x, a norm of it, or both.
typedef struct ct_sum_term {
    /// The map, `[N, C, …]`, channels last.
    ct_tensor x;
    /// Whether x itself is added, beside its norm if there is one.
    bool is_plain;
    ct_norm norm;
    /// How many groups of channels, for `CT_NORM_GROUP`.
    int64_t groups;
    /// Factor and offset of each channel, `[C]`; each may be null. Without a norm the addend is weight ⊙ x + bias.
    ct_tensor weight, bias;
    /// Running statistics, `[C]`, for `CT_NORM_BATCH`; both may be null.
    ct_tensor running_mean, running_variance;
    /// Whether the norm goes by the running statistics, and leaves them as they are.
    bool uses_running;
    double momentum, epsilon;
    /// The moments that an earlier `ct_normalized_sum` gave of x; may be null.
    ct_tensor moments;
} ct_sum_term;

/// Whether `ct_normalized_sum` can take these addends; if not, the sum must be composed.
bool ct_normalized_sum_applies(const ct_sum_term *terms, int32_t count);
/// The sum of the addends, and its ReLU where `rectified`, with a gradient. `moments`, where it isn't null, gets the
/// means and variances of every image and channel of the result, `[N, 2, C]`, or null on a GPU.
ct_status ct_normalized_sum(
    const ct_sum_term *terms, int32_t count, bool rectified, ct_tensor *out, ct_tensor *moments);

/// Whether what the calling thread computes keeps fewer maps for the backward pass, which makes more of them again.
bool ct_lean_memory(void);
void ct_set_lean_memory(bool on);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
