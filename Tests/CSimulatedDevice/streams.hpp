// The simulated device's two streams: one that computes, on which all is done when the call returns, and one that copies
// from pinned memory. Its copies are done as late as a device may do them: once something waits for them. What reads them
// without having waited finds other bytes.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

#include <functional>

#pragma GCC visibility push(hidden)

namespace simulated {

c10::Stream computing_stream();
c10::Stream copying_stream();

c10::Stream current_stream();
/// Makes a stream the current one; the one that was.
c10::Stream exchange_stream(c10::Stream stream);

/// Keeps work of the copying stream until something waits for it.
void do_later(std::function<void()> work);

/// Does all that the copying stream has been given.
void finish_copies();

}  // namespace simulated

#pragma GCC visibility pop
