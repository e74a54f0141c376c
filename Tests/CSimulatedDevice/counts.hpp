// Counts of what was asked of the simulated device.
#pragma once

#include <string>

#pragma GCC visibility push(hidden)

namespace simulated {

void count_kernel(const std::string &operation);
void count_upload();
/// A download, for which the host waits.
void count_download();
/// A wait of the host for a size that only the device knows.
void count_wait();

}  // namespace simulated

#pragma GCC visibility pop
