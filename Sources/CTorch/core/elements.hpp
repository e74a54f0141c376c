// A tensor's elements, read by their type.
#pragma once

#include <ATen/core/Tensor.h>

#include <type_traits>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The address of the first element of a tensor of type `T`; anything else is an error.
///
/// libtorch's own `const_data_ptr<T>` is a template that is compiled in libtorch, and compilers give it two names:
/// clang 18 and later put its constraint into the name. So it isn't found in a libtorch that an older compiler built,
/// as 2.11 was.
template <typename T>
const T *elements(const at::TensorBase &tensor) {
    constexpr auto type = c10::CppTypeToScalarType<T>::value;
    TORCH_CHECK(tensor.scalar_type() == type, "expected elements of type ", type, ", found ", tensor.scalar_type());
    return static_cast<const T *>(tensor.const_data_ptr());
}

}  // namespace ctorch

#pragma GCC visibility pop
