#ifndef CTORCH_OPERATIONS_H
#define CTORCH_OPERATIONS_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

// Calls of one signature are listed once: the list both declares and defines them.

// clang-format takes the lists for expressions, and would indent them further each time.
// clang-format off

/// Operations on one tensor, most of them element by element: `ct_exp(x, &out)`.
#define CT_UNARY_OPERATIONS(X)                                                                                          \
    X(exp) X(expm1) X(log) X(log2) X(log1p) X(sqrt) X(rsqrt) X(abs) X(neg) X(sin) X(cos) X(tanh) X(erf) X(sigmoid)       \
    X(relu) X(floor) X(ceil) X(round) X(sign) X(reciprocal) X(square) X(isfinite) X(isnan) X(logical_not)       \
    X(nonzero) X(zeros_like) X(ones_like) X(linalg_vector_norm)

/// Operations on two tensors, all but `matmul` element by element, with broadcasting: `ct_mul(a, b, &out)`.
#define CT_BINARY_OPERATIONS(X)                                                                                         \
    X(add) X(sub) X(mul) X(div) X(remainder) X(minimum) X(maximum) X(pow) X(eq) X(ne) X(lt) X(le) X(gt) X(ge)   \
    X(logical_and) X(logical_or) X(matmul)

/// Operations on a tensor and a number, element by element: `ct_mul_scalar(a, 2, &out)`.
#define CT_SCALAR_OPERATIONS(X)                                                                                         \
    X(add) X(sub) X(mul) X(div) X(remainder) X(pow) X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(rsub)

/// Reductions over some axes, or over all where none is given: `ct_sum(x, axes, count, keep, &out)`. `keep` leaves the
/// axes there, with size 1.
#define CT_REDUCTIONS(X) X(sum) X(mean) X(amax) X(amin)

// clang-format on

#define CT_DECLARE_UNARY(name) ct_status ct_##name(ct_tensor x, ct_tensor *out);
#define CT_DECLARE_BINARY(name) ct_status ct_##name(ct_tensor a, ct_tensor b, ct_tensor *out);
#define CT_DECLARE_SCALAR(name) ct_status ct_##name##_scalar(ct_tensor a, ct_scalar b, ct_tensor *out);
#define CT_DECLARE_REDUCTION(name) \
    ct_status ct_##name(ct_tensor x, const int64_t *axes, int32_t count, bool keep, ct_tensor *out);

CT_UNARY_OPERATIONS(CT_DECLARE_UNARY)
CT_BINARY_OPERATIONS(CT_DECLARE_BINARY)
CT_SCALAR_OPERATIONS(CT_DECLARE_SCALAR)
CT_REDUCTIONS(CT_DECLARE_REDUCTION)

ct_status ct_clamp(ct_tensor x, const double *low, const double *high, ct_tensor *out);
ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_tensor *out);

ct_status ct_add_in_place(ct_tensor x, ct_tensor other, double scale);
ct_status ct_add_scalar_in_place(ct_tensor x, ct_scalar other);
ct_status ct_mul_in_place(ct_tensor x, ct_tensor other);
ct_status ct_mul_scalar_in_place(ct_tensor x, ct_scalar other);
ct_status ct_fill_in_place(ct_tensor x, ct_scalar value);
ct_status ct_copy_in_place(ct_tensor x, ct_tensor source);
ct_status ct_clamp_in_place(ct_tensor x, const double *low, const double *high);
ct_status ct_relu_in_place(ct_tensor x);
ct_status ct_uniform_in_place(ct_tensor x, double low, double high);
ct_status ct_normal_in_place(ct_tensor x, double mean, double deviation);

ct_status ct_var(ct_tensor x, const int64_t *axes, int32_t count, bool unbiased, bool keep, ct_tensor *out);
ct_status ct_any(ct_tensor x, ct_tensor *out);
ct_status ct_all(ct_tensor x, ct_tensor *out);
ct_status ct_any_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *out);
ct_status ct_all_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *out);
ct_status ct_max_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *values, ct_tensor *indices);
ct_status ct_min_axis(ct_tensor x, int64_t axis, bool keep, ct_tensor *values, ct_tensor *indices);
ct_status ct_argmax(ct_tensor x, int64_t axis, bool keep, ct_tensor *out);
ct_status ct_argmin(ct_tensor x, int64_t axis, bool keep, ct_tensor *out);
ct_status ct_cumsum(ct_tensor x, int64_t axis, ct_tensor *out);
ct_status ct_sort(ct_tensor x, int64_t axis, bool descending, bool stable, ct_tensor *values, ct_tensor *indices);
ct_status ct_topk(
    ct_tensor x, int64_t k, int64_t axis, bool largest, bool sorted, ct_tensor *values, ct_tensor *indices);
ct_status ct_unique(ct_tensor x, ct_tensor *out);
ct_status ct_softmax(ct_tensor x, int64_t axis, ct_tensor *out);
ct_status ct_log_softmax(ct_tensor x, int64_t axis, ct_tensor *out);

ct_status ct_reshape(ct_tensor x, const int64_t *shape, int32_t rank, ct_tensor *out);
ct_status ct_view(ct_tensor x, const int64_t *shape, int32_t rank, ct_tensor *out);
ct_status ct_expand(ct_tensor x, const int64_t *shape, int32_t rank, ct_tensor *out);
ct_status ct_repeat(ct_tensor x, const int64_t *counts, int32_t rank, ct_tensor *out);
ct_status ct_permute(ct_tensor x, const int64_t *axes, int32_t rank, ct_tensor *out);
ct_status ct_transpose(ct_tensor x, int64_t a, int64_t b, ct_tensor *out);
ct_status ct_flatten(ct_tensor x, int64_t from, int64_t to, ct_tensor *out);
ct_status ct_squeeze(ct_tensor x, ct_tensor *out);
ct_status ct_squeeze_axis(ct_tensor x, int64_t axis, ct_tensor *out);
ct_status ct_unsqueeze(ct_tensor x, int64_t axis, ct_tensor *out);
ct_status ct_flip(ct_tensor x, const int64_t *axes, int32_t count, ct_tensor *out);
ct_status ct_select(ct_tensor x, int64_t axis, int64_t index, ct_tensor *out);
ct_status ct_slice(ct_tensor x, int64_t axis, int64_t start, int64_t end, int64_t step, ct_tensor *out);
ct_status ct_cat(const ct_tensor *tensors, int32_t count, int64_t axis, ct_tensor *out);
ct_status ct_stack(const ct_tensor *tensors, int32_t count, int64_t axis, ct_tensor *out);

ct_status ct_index_select(ct_tensor x, int64_t axis, ct_tensor index, ct_tensor *out);
ct_status ct_gather(ct_tensor x, int64_t axis, ct_tensor index, ct_tensor *out);
ct_status ct_index_add(ct_tensor x, int64_t axis, ct_tensor index, ct_tensor source, ct_tensor *out);
ct_status ct_masked_fill(ct_tensor x, ct_tensor mask, ct_scalar value, ct_tensor *out);
/// Advanced indexing by a tensor for each axis; a null index stands for a whole axis.
ct_status ct_index(ct_tensor x, const ct_tensor *indices, int32_t count, ct_tensor *out);
ct_status ct_index_put(
    ct_tensor x, const ct_tensor *indices, int32_t count, ct_tensor values, bool accumulate, ct_tensor *out);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
