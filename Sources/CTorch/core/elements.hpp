// A tensor's elements, read by their type.
#pragma once

#include <ATen/core/Tensor.h>

#include <type_traits>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The address of the first element of a tensor of type `T`; anything else is an error.
///
/// `const_data_ptr<T>` of libtorch is a template without a body, whose name compilers mangle in two ways (clang 18 and later
/// write its constraint into it): clang here finds none in a libtorch that an older compiler built, 2.11 among them.
template <typename T>
const T *elements(const at::TensorBase &tensor) {
    constexpr auto type = c10::CppTypeToScalarType<T>::value;
    TORCH_CHECK(tensor.scalar_type() == type, "expected elements of type ", type, ", found ", tensor.scalar_type());
    return static_cast<const T *>(tensor.const_data_ptr());
}

}  // namespace ctorch

#pragma GCC visibility pop
