#include <ATen/ATen.h>

#include "core/guard.hpp"
#include "CTorchOperations.h"

using namespace ctorch;

namespace {

void release_both(ct_tensor *values, ct_tensor *indices, std::tuple<at::Tensor, at::Tensor> pair) {
    *values = wrap(std::get<0>(std::move(pair)));
    *indices = wrap(std::get<1>(std::move(pair)));
}

std::optional<at::Scalar> bound(const double *value) {
    if (value == nullptr) return std::nullopt;
    return at::Scalar(*value);
}

c10::List<std::optional<at::Tensor>> index_list(const ct_tensor *indices, int32_t count) {
    c10::List<std::optional<at::Tensor>> list;
    list.reserve(count);
    for (int32_t i = 0; i < count; ++i) list.push_back(optional(indices[i]));
    return list;
}
}  // namespace

#define CT_DEFINE_UNARY(name) \
    ct_status ct_##name(ct_tensor x, ct_tensor *out) { \
        return ct_guard([&] { *out = wrap(at::name(x->value)); }); \
    }
#define CT_DEFINE_BINARY(name) \
    ct_status ct_##name(ct_tensor a, ct_tensor b, ct_tensor *out) { \
        return ct_guard([&] { *out = wrap(at::name(a->value, b->value)); }); \
    }
#define CT_DEFINE_SCALAR(name) \
    ct_status ct_##name##_scalar(ct_tensor a, ct_scalar b, ct_tensor *out) { \
        return ct_guard([&] { *out = wrap(at::name(a->value, scalar(b))); }); \
    }
#define CT_DEFINE_REDUCTION(name) \
    ct_status ct_##name(ct_tensor x, const int64_t *axes, int32_t count, bool keep, ct_tensor *out) { \
        return ct_guard([&] { \
            std::vector<int64_t> all(axes, axes + count); \
            if (count == 0) \
                for (int64_t axis = 0; axis < x->value.dim(); ++axis) all.push_back(axis); \
            *out = wrap(at::name(x->value, all, keep)); \
        }); \
    }

CT_UNARY_OPERATIONS(CT_DEFINE_UNARY)
CT_BINARY_OPERATIONS(CT_DEFINE_BINARY)
CT_SCALAR_OPERATIONS(CT_DEFINE_SCALAR)
CT_REDUCTIONS(CT_DEFINE_REDUCTION)

ct_status ct_clamp(ct_tensor x, const double *low, const double *high, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::clamp(x->value, bound(low), bound(high))); });
}
ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::where(condition->value, a->value, b->value)); });
}

ct_status ct_add_in_place(ct_tensor x, ct_tensor other, double scale) {
    return ct_guard([&] {
        // Integers refuse a floating-point factor, even a whole one.
        const bool integral = at::isIntegralType(at::result_type(x->value, other->value), true);
        const auto whole = static_cast<int64_t>(scale);
        x->value.add_(other->value, integral && whole == scale ? at::Scalar(whole) : at::Scalar(scale));
    });
}
ct_status ct_add_scalar_in_place(ct_tensor x, ct_scalar other) {
    return ct_guard([&] { x->value.add_(scalar(other)); });
}
ct_status ct_mul_in_place(ct_tensor x, ct_tensor other) {
    return ct_guard([&] { x->value.mul_(other->value); });
}
ct_status ct_mul_scalar_in_place(ct_tensor x, ct_scalar other) {
    return ct_guard([&] { x->value.mul_(scalar(other)); });
}
ct_status ct_fill_in_place(ct_tensor x, ct_scalar value) {
    return ct_guard([&] { x->value.fill_(scalar(value)); });
}
ct_status ct_copy_in_place(ct_tensor x, ct_tensor source) {
    return ct_guard([&] { x->value.copy_(source->value); });
}
ct_status ct_clamp_in_place(ct_tensor x, const double *low, const double *high) {
    return ct_guard([&] { x->value.clamp_(bound(low), bound(high)); });
}
ct_status ct_relu_in_place(ct_tensor x) {
    return ct_guard([&] { x->value.relu_(); });
}
ct_status ct_uniform_in_place(ct_tensor x, double low, double high) {
    return ct_guard([&] { x->value.uniform_(low, high); });
}
ct_status ct_normal_in_place(ct_tensor x, double mean, double deviation) {
    return ct_guard([&] { x->value.normal_(mean, deviation); });
}

ct_status ct_var(ct_tensor x, const int64_t *axes, int32_t count, bool unbiased, bool keep, ct_tensor *out) {
    return ct_guard([&] {
        at::OptionalIntArrayRef over;
        if (count > 0) over = ints(axes, count);
        *out = wrap(at::var(x->value, over, unbiased, keep));
    });
}
ct_status ct_any(ct_tensor x, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::any(x->value)); });
}
ct_status ct_all(ct_tensor x, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::all(x->value)); });
}
ct_status ct_any_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::any(x->value, axis, keep)); });
}
ct_status ct_all_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::all(x->value, axis, keep)); });
}
ct_status ct_max_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *values, ct_tensor *indices) {
    return ct_guard([&] { release_both(values, indices, at::max(x->value, axis, keep)); });
}
ct_status ct_min_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *values, ct_tensor *indices) {
    return ct_guard([&] { release_both(values, indices, at::min(x->value, axis, keep)); });
}
ct_status ct_argmax(ct_tensor x, int64_t axis, bool keep, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::argmax(x->value, axis, keep)); });
}
ct_status ct_argmin(ct_tensor x, int64_t axis, bool keep, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::argmin(x->value, axis, keep)); });
}
ct_status ct_cumsum(ct_tensor x, int64_t axis, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::cumsum(x->value, axis)); });
}
ct_status ct_sort(ct_tensor x, int64_t axis, bool descending, bool stable, ct_tensor *values, ct_tensor *indices) {
    return ct_guard(
        [&] { release_both(values, indices, at::sort(x->value, std::optional<bool>(stable), axis, descending)); });
}
ct_status ct_topk(
    ct_tensor x, int64_t k, int64_t axis, bool largest, bool sorted, ct_tensor *values, ct_tensor *indices) {
    return ct_guard([&] { release_both(values, indices, at::topk(x->value, k, axis, largest, sorted)); });
}
ct_status ct_unique(ct_tensor x, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(std::get<0>(at::_unique(x->value, /*sorted=*/true))); });
}
ct_status ct_softmax(ct_tensor x, int64_t axis, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::softmax(x->value, axis)); });
}
ct_status ct_log_softmax(ct_tensor x, int64_t axis, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::log_softmax(x->value, axis)); });
}

ct_status ct_reshape(ct_tensor x, const int64_t *shape, int32_t rank, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::reshape(x->value, ints(shape, rank))); });
}
ct_status ct_view(ct_tensor x, const int64_t *shape, int32_t rank, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(x->value.view(ints(shape, rank))); });
}
ct_status ct_expand(ct_tensor x, const int64_t *shape, int32_t rank, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(x->value.expand(ints(shape, rank))); });
}
ct_status ct_repeat(ct_tensor x, const int64_t *counts, int32_t rank, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(x->value.repeat(ints(counts, rank))); });
}
ct_status ct_permute(ct_tensor x, const int64_t *axes, int32_t rank, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::permute(x->value, ints(axes, rank))); });
}
ct_status ct_transpose(ct_tensor x, int64_t a, int64_t b, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::transpose(x->value, a, b)); });
}
ct_status ct_flatten(ct_tensor x, int64_t from, int64_t to, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::flatten(x->value, from, to)); });
}
ct_status ct_squeeze(ct_tensor x, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::squeeze(x->value)); });
}
ct_status ct_squeeze_axis(ct_tensor x, int64_t axis, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::squeeze(x->value, axis)); });
}
ct_status ct_unsqueeze(ct_tensor x, int64_t axis, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::unsqueeze(x->value, axis)); });
}
ct_status ct_flip(ct_tensor x, const int64_t *axes, int32_t count, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::flip(x->value, ints(axes, count))); });
}
ct_status ct_select(ct_tensor x, int64_t axis, int64_t index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::select(x->value, axis, index)); });
}
ct_status ct_slice(ct_tensor x, int64_t axis, int64_t start, int64_t end, int64_t step, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::slice(x->value, axis, start, end, step)); });
}
ct_status ct_cat(const ct_tensor *tensors, int32_t count, int64_t axis, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::cat(list(tensors, count), axis)); });
}
ct_status ct_stack(const ct_tensor *tensors, int32_t count, int64_t axis, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::stack(list(tensors, count), axis)); });
}

ct_status ct_index_select(ct_tensor x, int64_t axis, ct_tensor index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::index_select(x->value, axis, index->value)); });
}
ct_status ct_gather(ct_tensor x, int64_t axis, ct_tensor index, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::gather(x->value, axis, index->value)); });
}
ct_status ct_index_add(ct_tensor x, int64_t axis, ct_tensor index, ct_tensor source, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::index_add(x->value, axis, index->value, source->value)); });
}
ct_status ct_masked_fill(ct_tensor x, ct_tensor mask, ct_scalar value, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::masked_fill(x->value, mask->value, scalar(value))); });
}
ct_status ct_index(ct_tensor x, const ct_tensor *indices, int32_t count, ct_tensor *out) {
    return ct_guard([&] { *out = wrap(at::index(x->value, index_list(indices, count))); });
}
ct_status ct_index_put(
    ct_tensor x, const ct_tensor *indices, int32_t count, ct_tensor values, bool accumulate, ct_tensor *out) {
    return ct_guard(
        [&] { *out = wrap(at::index_put(x->value, index_list(indices, count), values->value, accumulate)); });
}
