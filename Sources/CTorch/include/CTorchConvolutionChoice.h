#ifndef CTORCH_CONVOLUTION_CHOICE_H
#define CTORCH_CONVOLUTION_CHOICE_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

/// How a convolution, or one of its gradients, is computed.
typedef enum ct_convolution_algorithm : int32_t {
    /// Winograd's minimal filtering F(4×4, 3×3) of 3×3 kernels: a quarter of the multiplications.
    CT_WINOGRAD = 0,
    /// A product of matrices in AVX2 or AVX-512, whose rows are gathered block by block.
    CT_VECTOR_PRODUCT = 1,
    /// A product of matrices in the tile unit (AMX), whose rows are gathered and laid out as tiles.
    CT_TILE_PRODUCT = 2,
    /// A product of matrices in the tile unit, in bfloat16, whose tiles are read where the pixels lie.
    CT_TILES_IN_PLACE = 3,
    /// oneDNN's convolution on a packed weight, together with the addition and the ReLU that follow.
    CT_ONEDNN = 4,
    /// libtorch's convolution.
    CT_LIBTORCH = 5,
} ct_convolution_algorithm;

/// Everything that the choice of an algorithm depends on.
typedef struct ct_convolution_case {
    /// Axes of space, 2 or 3. It is 0 where input, weight and settings have different numbers of them, which libtorch
    /// refuses with a message of its own.
    int32_t rank;
    /// Sizes of the input `[N, C, …]` and of the weight `[O, C / groups, …]`; the first `rank` + 2 numbers count.
    int64_t input[5], weight[5];
    /// The first `rank` numbers count.
    int64_t stride[3], padding[3], dilation[3];
    int64_t groups;
    /// Pixels of all inputs together that one call convolves with this weight.
    int64_t pixels_of_call;
    /// The element type of input and weight, or the one that autocast gives them.
    ct_dtype dtype;
    /// Whether input and weight have the same element type, or get it from autocast.
    bool has_one_dtype;
    /// Whether input and weight are on the CPU, and autocast, if it is on there, takes their types.
    bool is_on_cpu;
    /// Whether the input lies channels-last in memory.
    bool is_channels_last;
    /// Whether the bias is float32 without gaps, or there is none.
    bool has_plain_bias;
    /// Whether the weight stays as it is over many calls, for inference, so that its layouts are kept. If not, it is
    /// laid out in every call, and gradients may be wanted.
    bool keeps_weight;
    /// Whether the caller accepts Winograd's rounding, an error of some 1e-6 of the outputs' deviation.
    bool allows_winograd;
    /// What this CPU, and this build of libtorch, can do: vector products in float32 (AVX2), and in bfloat16 (AVX-512 BF16),
    /// tile products, and oneDNN's convolutions.
    bool has_vector_products, has_bfloat16_products, uses_tile_unit, has_onednn;
} ct_convolution_case;

/// The algorithm of the forward pass.
ct_convolution_algorithm ct_choose_convolution(const ct_convolution_case *convolution);
/// The algorithm that gives the inputs their gradient, after a forward pass by a vector or tile product.
ct_convolution_algorithm ct_choose_inputs_gradient(const ct_convolution_case *convolution);
/// The algorithm that gives the weight its gradient, after a forward pass by a vector or tile product.
ct_convolution_algorithm ct_choose_weight_gradient(const ct_convolution_case *convolution);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
