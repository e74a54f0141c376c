#include <ATen/ATen.h>

#include "core/group_norm.hpp"
#include "core/guard.hpp"
#include "core/max_pool.hpp"
#include "core/recording.hpp"
#include "CTorchFunctional.h"

using namespace ctorch;

namespace {
void check_rank(int32_t rank) { TORCH_CHECK(rank == 2 || rank == 3, "expected 2 or 3 spatial axes, got ", rank); }

at::Reduction::Reduction reduction(ct_reduction code) {
    switch (code) {
        case CT_REDUCE_NONE: return at::Reduction::None;
        case CT_REDUCE_MEAN: return at::Reduction::Mean;
        case CT_REDUCE_SUM: return at::Reduction::Sum;
    }
    TORCH_CHECK(false, "unknown reduction code ", static_cast<int>(code));
}
}  // namespace

ct_status ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::linear(x->value, weight->value, optional(bias))); });
}

ct_status ct_batch_norm(
    ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor running_mean, ct_tensor running_variance, bool training,
    double momentum, double epsilon, ct_tensor *out) {
    return ct_guard([&] {
        // libtorch's own kernels. cuDNN's for maps with the channels last, in float32, are under suspicion: the one network with odd
        // numbers of channels has gradients on a GPU that are a fifth away (docs/measured/h200.md).
        *out = wrap(at::batch_norm(
            x->value, optional(weight), optional(bias), optional(running_mean), optional(running_variance), training,
            momentum, epsilon, /*cudnn_enabled=*/false));
    });
}

ct_status ct_group_norm(ct_tensor x, int64_t groups, ct_tensor weight, ct_tensor bias, double epsilon, ct_tensor *out) {
    return ct_guard([&] {
        const at::Tensor &map = x->value;
        // A recording is to name the norm, whatever computes it.
        const bool is_composed = !is_recording() && !is_native(map) && (map.dim() == 4 || map.dim() == 5) &&
            map.numel() > 0 && map.size(1) % groups == 0 && map.scalar_type() != at::kDouble;
        *out = wrap(
            is_composed ? composed_group_norm(
                              map, groups, optional(weight).value_or(at::Tensor()),
                              optional(bias).value_or(at::Tensor()), epsilon)
                        : at::group_norm(map, groups, optional(weight), optional(bias), epsilon));
    });
}

ct_status ct_max_pool(
    ct_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, int32_t rank, bool ceil_mode,
    ct_tensor *out) {
    return ct_guard([&] {
        check_rank(rank);
        const PoolingWindow window{
            ints(kernel, rank).vec(), ints(stride, rank).vec(), ints(padding, rank).vec(), ceil_mode};
        if (max_pool_applies(x->value, window)) {
            *out = wrap(max_pool(x->value, window));
            return;
        }
        auto once = std::vector<int64_t>(rank, 1);
        *out = wrap(
            rank == 2 ? at::max_pool2d(x->value, ints(kernel, 2), ints(stride, 2), ints(padding, 2), once, ceil_mode)
                      : at::max_pool3d(x->value, ints(kernel, 3), ints(stride, 3), ints(padding, 3), once, ceil_mode));
    });
}

ct_status ct_average_pool(
    ct_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, int32_t rank, bool ceil_mode,
    bool count_padding, ct_tensor *out) {
    return ct_guard([&] {
        check_rank(rank);
        *out = wrap(
            rank == 2
                ? at::avg_pool2d(x->value, ints(kernel, 2), ints(stride, 2), ints(padding, 2), ceil_mode, count_padding)
                : at::avg_pool3d(
                      x->value, ints(kernel, 3), ints(stride, 3), ints(padding, 3), ceil_mode, count_padding));
    });
}

ct_status ct_adaptive_average_pool(ct_tensor x, const int64_t *size, int32_t rank, ct_tensor *out) {
    return ct_guard([&] {
        check_rank(rank);
        *out = wrap(
            rank == 2 ? at::adaptive_avg_pool2d(x->value, ints(size, 2))
                      : at::adaptive_avg_pool3d(x->value, ints(size, 3)));
    });
}

ct_status ct_dropout(ct_tensor x, double probability, bool training, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::dropout(x->value, probability, training)); });
}

ct_status ct_interpolate(
    ct_tensor x, int64_t height, int64_t width, ct_interpolation mode, const double *scales, ct_tensor *out) {
    return ct_guard([&] {
        std::optional<double> vertical, horizontal;
        if (scales != nullptr) vertical = scales[0], horizontal = scales[1];
        const int64_t size[] = {height, width};
        switch (mode) {
            case CT_NEAREST: *out = wrap(at::upsample_nearest2d(x->value, size, vertical, horizontal)); return;
            case CT_BILINEAR: *out = wrap(at::upsample_bilinear2d(x->value, size, false, vertical, horizontal)); return;
            case CT_BILINEAR_ANTIALIASED:
                *out = wrap(at::_upsample_bilinear2d_aa(x->value, size, false, vertical, horizontal));
                return;
        }
        TORCH_CHECK(false, "unknown interpolation code ", static_cast<int>(mode));
    });
}

ct_status ct_pad(ct_tensor x, const int64_t *amounts, int32_t count, double value, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::constant_pad_nd(x->value, ints(amounts, count), value)); });
}

ct_status ct_weighted_row_sums(ct_tensor rows, ct_tensor indices, ct_tensor weights, ct_tensor starts, ct_tensor *out) {
    return ct_guard([&] {
        const at::Tensor &index = indices->value;
        const int64_t axes = starts == nullptr ? 2 : 1;
        TORCH_CHECK(index.dim() == axes, "weighted_row_sums: indices must have ", axes, " axes, got ", index.sizes());
        TORCH_CHECK(
            index.sizes() == weights->value.sizes(), "weighted_row_sums: indices ", index.sizes(), ", but weights ",
            weights->value.sizes());
        const at::Tensor offsets =
            starts == nullptr ? at::arange(index.size(0), index.options()).mul_(index.size(1)) : starts->value;
        *out = wrap(std::get<0>(at::embedding_bag(
            rows->value, index.reshape({-1}), offsets, /*scale_grad_by_freq=*/false, /*mode=*/0, /*sparse=*/false,
            weights->value.reshape({-1}))));
    });
}

ct_status ct_cross_entropy(
    ct_tensor logits, ct_tensor targets, ct_tensor class_weights, ct_reduction code, int64_t ignore_index,
    double label_smoothing, ct_tensor *out) {
    return ct_guard([&] {
        *out = wrap(at::cross_entropy_loss(
            logits->value, targets->value, optional(class_weights), reduction(code), ignore_index, label_smoothing));
    });
}
ct_status ct_smooth_l1(ct_tensor x, ct_tensor y, ct_reduction code, double beta, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::smooth_l1_loss(x->value, y->value, reduction(code), beta)); });
}
ct_status ct_binary_cross_entropy_with_logits(ct_tensor x, ct_tensor y, ct_reduction code, ct_tensor *out) {
    return ct_guard([&] {
        *out =
            wrap(at::binary_cross_entropy_with_logits(x->value, y->value, std::nullopt, std::nullopt, reduction(code)));
    });
}
ct_status ct_nll_loss(
    ct_tensor log_probabilities, ct_tensor targets, ct_reduction code, int64_t ignore_index, ct_tensor *out) {
    return ct_guard([&] {
        *out =
            wrap(at::nll_loss(log_probabilities->value, targets->value, std::nullopt, reduction(code), ignore_index));
    });
}
