// Whether operations are being recorded, for those that then go by libtorch's own names.
#pragma once

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Whether the calling thread's operations are being recorded, and not paused.
bool is_recording();

}  // namespace ctorch

#pragma GCC visibility pop
