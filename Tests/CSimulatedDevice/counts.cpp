#include "counts.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "CSimulatedDevice.h"

namespace simulated {
namespace {

std::mutex mutex;
simulated_counts counts;

std::map<std::string, int64_t> &calls() {
    static auto *only = new std::map<std::string, int64_t>();
    return *only;
}

}  // namespace

void count_kernel(const std::string &operation) {
    const std::lock_guard lock(mutex);
    ++counts.kernels;
    ++calls()[operation];
}

void count_upload() {
    const std::lock_guard lock(mutex);
    ++counts.uploads;
}

void count_download() {
    const std::lock_guard lock(mutex);
    ++counts.downloads;
    ++counts.host_waits;
}

void count_wait() {
    const std::lock_guard lock(mutex);
    ++counts.host_waits;
}

}  // namespace simulated

using namespace simulated;

simulated_counts simulated_device_counts(void) {
    const std::lock_guard lock(mutex);
    return counts;
}

char *simulated_device_list(void) {
    const std::lock_guard lock(mutex);
    std::vector<std::pair<std::string, int64_t>> sorted(calls().begin(), calls().end());
    std::sort(sorted.begin(), sorted.end(), [](auto &a, auto &b) { return a.second > b.second; });
    std::string text;
    for (const auto &[name, count] : sorted) text += std::to_string(count) + " " + name + "\n";
    return strdup(text.c_str());
}

void simulated_device_reset_counts(void) {
    const std::lock_guard lock(mutex);
    counts = {};
    calls().clear();
}
