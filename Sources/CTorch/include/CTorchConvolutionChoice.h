#ifndef CTORCH_CONVOLUTION_CHOICE_H
#define CTORCH_CONVOLUTION_CHOICE_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

/// How a convolution, or one of its gradients, is computed.
typedef enum ct_convolution_algorithm : int32_t {
    /// Minimal filtering of 3×3 kernels, F(4×4, 3×3), a quarter of the multiplications.
    CT_WINOGRAD = 0,
    /// A product of matrices whose rows are gathered block by block, in AVX-512.
    CT_VECTOR_PRODUCT = 1,
    /// That product in the tile unit (AMX).
    CT_TILE_PRODUCT = 2,
    /// The tile unit's product whose tiles are read where the pixels lie, in bfloat16.
    CT_TILES_IN_PLACE = 3,
    /// One product of matrices by libtorch's BLAS.
    CT_MATRIX_PRODUCT = 4,
    /// oneDNN's convolution on a packed weight, with the addition and the ReLU that follow.
    CT_ONEDNN = 5,
    /// libtorch's convolution.
    CT_LIBTORCH = 6,
} ct_convolution_algorithm;

/// What the choice depends on, and nothing else.
typedef struct ct_convolution_case {
    /// Axes of space, 2 or 3; 0 where input, weight and settings differ in it, which is for libtorch to refuse.
    int32_t rank;
    /// `[N, C, …]` and `[O, C / groups, …]`: the first `rank` + 2 numbers count.
    int64_t input[5], weight[5];
    /// The first `rank` numbers count.
    int64_t stride[3], padding[3], dilation[3];
    int64_t groups;
    /// Pixels of every input that one call convolves with this weight.
    int64_t pixels_of_call;
    /// The element type of input and weight.
    ct_dtype dtype;
    /// False where input and weight differ in their type.
    bool has_one_dtype;
    /// Whether both are on the CPU and no autocast acts there.
    bool is_on_cpu;
    bool is_channels_last;
    /// Whether there is no bias, or one of float32 without gaps.
    bool has_plain_bias;
    /// Whether the weight stays as it is over many calls, for inference, so that its layouts are kept. Else it is laid out
    /// in every call, and gradients may be wanted.
    bool keeps_weight;
    /// Whether the caller takes Winograd's rounding: an error of some 1e-6 of the outputs' deviation.
    bool allows_winograd;
    /// What this CPU, and this build of libtorch, have.
    bool has_vector_products, uses_tile_unit, has_onednn;
} ct_convolution_case;

/// The algorithm of the forward pass.
ct_convolution_algorithm ct_choose_convolution(const ct_convolution_case *convolution);
/// The algorithm that gives the inputs their gradient, behind a forward pass by a vector or tile product.
ct_convolution_algorithm ct_choose_inputs_gradient(const ct_convolution_case *convolution);
/// The algorithm that gives the weight its gradient, behind a forward pass by a vector or tile product.
ct_convolution_algorithm ct_choose_weight_gradient(const ct_convolution_case *convolution);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
