// How the simulated device computes: any operation runs as the CPU's kernel on the device's memory.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#pragma GCC visibility push(hidden)

namespace simulated {

/// Runs an operation of the device by the CPU's kernel.
///
/// - Throws: `c10::Error` for an operand of the host that is more than a number, and whatever the kernel throws.
void run_on_cpu(const c10::OperatorHandle &operation, torch::jit::Stack *stack);

}  // namespace simulated

#pragma GCC visibility pop
