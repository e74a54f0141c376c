#ifndef CTORCH_FUSED_H
#define CTORCH_FUSED_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

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

/// act(x * weight + bias + other) without gradient; `bias` and `other` may be null. On the CPU channels-last: in float32
/// Winograd's algorithm where it is faster; else one pass over products of matrices (AVX-512, or the tile unit, in bfloat16
/// too) or of oneDNN. Elsewhere composed.
ct_status ct_fused_convolution(
    ct_tensor input, ct_fused_weight_handle weight, ct_tensor bias, ct_tensor other, bool relu, ct_tensor *out);

typedef enum ct_norm : int32_t { CT_NORM_NONE = 0, CT_NORM_BATCH = 1, CT_NORM_GROUP = 2 } ct_norm;

/// One addend of a normalised sum: x, its norm, or both.
typedef struct ct_sum_term {
    /// `[N, C, …]`, channels last.
    ct_tensor x;
    /// Whether x itself is added, beside its norm if there is one.
    bool is_plain;
    ct_norm norm;
    /// Number of groups, for `CT_NORM_GROUP`.
    int64_t groups;
    /// `[C]`; each may be null. Without a norm the addend is weight ⊙ x + bias.
    ct_tensor weight, bias;
    /// `[C]`, for `CT_NORM_BATCH`; both may be null.
    ct_tensor running_mean, running_variance;
    /// Normalises by the running statistics, and leaves them.
    bool uses_running;
    double momentum, epsilon;
    /// What an earlier sum said of x; may be null.
    ct_tensor moments;
} ct_sum_term;

/// Whether `ct_normalized_sum` takes these addends.
bool ct_normalized_sum_applies(const ct_sum_term *terms, int32_t count);
/// Σ addends, and its ReLU where `rectified`, with a gradient. `moments`, where it is not null, gets means and variances of each image
/// and channel of the result, `[N, 2, C]`.
ct_status ct_normalized_sum(
    const ct_sum_term *terms, int32_t count, bool rectified, ct_tensor *out, ct_tensor *moments);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
