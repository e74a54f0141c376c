#ifndef CTORCH_FUNCTIONAL_H
#define CTORCH_FUNCTIONAL_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ct_reduction : int32_t { CT_REDUCE_NONE = 0, CT_REDUCE_MEAN = 1, CT_REDUCE_SUM = 2 } ct_reduction;

/// The convolution over `rank` axes of space (2 or 3); `bias` may be null, and each setting has a number for each axis.
ct_status ct_convolution(
    ct_tensor x, ct_tensor weight, ct_tensor bias, const int64_t *stride, const int64_t *padding,
    const int64_t *dilation, int32_t rank, int64_t groups, ct_tensor *out);
/// The 3×3 convolutions, stride 1 and padding 1, of `count` maps with one weight: by Winograd's algorithm where
/// `ct_choose_convolution` says so, else each as `ct_convolution` does it. `relu` takes the ReLU of the results, for
/// inference.
ct_status ct_convolution_3x3(
    const ct_tensor *maps, int32_t count, ct_tensor weight, ct_tensor bias, bool relu, ct_tensor *out);
ct_status ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor *out);
ct_status ct_batch_norm(
    ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor running_mean, ct_tensor running_variance, bool training,
    double momentum, double epsilon, ct_tensor *out);
ct_status ct_group_norm(ct_tensor x, int64_t groups, ct_tensor weight, ct_tensor bias, double epsilon, ct_tensor *out);
ct_status ct_max_pool(
    ct_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, int32_t rank, bool ceil_mode,
    ct_tensor *out);
ct_status ct_average_pool(
    ct_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, int32_t rank, bool ceil_mode,
    bool count_padding, ct_tensor *out);
ct_status ct_adaptive_average_pool(ct_tensor x, const int64_t *size, int32_t rank, ct_tensor *out);
ct_status ct_dropout(ct_tensor x, double probability, bool training, ct_tensor *out);

typedef enum ct_interpolation : int32_t {
    CT_NEAREST = 0,
    CT_BILINEAR = 1,
    CT_BILINEAR_ANTIALIASED = 2
} ct_interpolation;
/// Resizes `[N, C, H, W]`. `scales` (height, width) are the factors to sample with; null takes the sizes' ratios.
ct_status ct_interpolate(
    ct_tensor x, int64_t height, int64_t width, ct_interpolation mode, const double *scales, ct_tensor *out);
/// Sums of rows of `[M, C]`, `[N, C]`: of those with the int64 indices `[N, n]` of each, times the weights `[N, n]`; or with `starts`
/// (int64 `[N]`, or null) of those with indices and weights `[T]` from its start to the next one's.
ct_status ct_weighted_row_sums(ct_tensor rows, ct_tensor indices, ct_tensor weights, ct_tensor starts, ct_tensor *out);
ct_status ct_pad(ct_tensor x, const int64_t *amounts, int32_t count, double value, ct_tensor *out);

ct_status ct_cross_entropy(
    ct_tensor logits, ct_tensor targets, ct_tensor class_weights, ct_reduction reduction, int64_t ignore_index,
    double label_smoothing, ct_tensor *out);
ct_status ct_smooth_l1(ct_tensor x, ct_tensor y, ct_reduction reduction, double beta, ct_tensor *out);
ct_status ct_binary_cross_entropy_with_logits(ct_tensor x, ct_tensor y, ct_reduction reduction, ct_tensor *out);
ct_status ct_nll_loss(
    ct_tensor log_probabilities, ct_tensor targets, ct_reduction reduction, int64_t ignore_index, ct_tensor *out);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
