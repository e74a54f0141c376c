#pragma once

#include <cstdint>
#include <type_traits>

#pragma GCC visibility push(hidden)

namespace ctorch {

/// Calls `call(body, task)` once for every task in 0..<count, on libtorch's own threads.
/// The order of tasks and the thread of each are not defined: results must not depend on them.
void run_tasks(int64_t count, void (*call)(const void *body, int64_t task), const void *body);

/// Calls `body(task)` once for every task in 0..<count, on up to `at::get_num_threads()` threads.
///
/// `at::parallel_for` is a serial loop in a translation unit that is compiled without OpenMP, as these are; this one
/// enters libtorch's pool through libgomp. Inside a parallel region it runs serially on the calling thread.
/// The first exception that a task throws is rethrown here, after the running tasks have ended.
template <typename Body>
void parallel_tasks(int64_t count, const Body &body) {
    run_tasks(
        count, [](const void *erased, int64_t task) { (*static_cast<const Body *>(erased))(task); }, &body);
}

/// Calls `body(begin, end)` for consecutive ranges of at most `grain` items that cover 0..<count.
template <typename Body>
void parallel_ranges(int64_t count, int64_t grain, const Body &body) {
    parallel_tasks((count + grain - 1) / grain, [&](int64_t task) {
        const int64_t begin = task * grain;
        body(begin, begin + grain < count ? begin + grain : count);
    });
}

}  // namespace ctorch

#pragma GCC visibility pop
