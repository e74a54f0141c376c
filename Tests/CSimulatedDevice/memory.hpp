// Memory of the simulated device. A page of it has two addresses: that of its tensors, where the host may neither read nor
// write, and one for the device's kernels. So what reaches for the device's memory without a copy ends the process.
#pragma once

#include <c10/core/Allocator.h>

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace simulated {

/// The allocator of the device's tensors.
c10::Allocator *allocator();

/// Where kernels find what a tensor of the device has at `address`.
void *kernel_address(const void *address);

/// The allocator of memory of the host that the device may read by itself.
c10::Allocator *pinned_allocator();

/// Whether the host's memory at `address` is of that kind.
bool is_pinned(const void *address);

int64_t memory_in_use();

/// Gives the pages of free memory back to the system.
void give_back_free_memory();

/// Has a touch by the host end this process at once, and not by a debugger's report.
void end_at_once_on_a_touch();

}  // namespace simulated

#pragma GCC visibility pop
