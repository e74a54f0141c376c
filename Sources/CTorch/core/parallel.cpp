#include "core/parallel.hpp"

#include <ATen/Parallel.h>

#include <atomic>
#include <exception>

// libgomp's entry points, which compilers with OpenMP call for `#pragma omp parallel`.
extern "C" {
void GOMP_parallel(void (*region)(void *), void *data, unsigned threads, unsigned flags);
int omp_in_parallel(void);
}

namespace ctorch {
namespace {

struct TaskQueue {
    int64_t count;
    void (*call)(const void *, int64_t);
    const void *body;
    std::atomic<int64_t> next{0};
    std::atomic<bool> failed{false};
    std::exception_ptr failure{};

    void drain() noexcept {
        while (!failed.load(std::memory_order_relaxed)) {
            const int64_t task = next.fetch_add(1, std::memory_order_relaxed);
            if (task >= count) return;
            try {
                call(body, task);
            } catch (...) {
                if (!failed.exchange(true)) failure = std::current_exception();
            }
        }
    }
};

}  // namespace

void run_tasks(int64_t count, void (*call)(const void *, int64_t), const void *body) {
    const int64_t threads = count < at::get_num_threads() ? count : at::get_num_threads();
    if (threads <= 1 || omp_in_parallel()) {
        for (int64_t task = 0; task < count; ++task) call(body, task);
        return;
    }
    TaskQueue queue{.count = count, .call = call, .body = body};
    GOMP_parallel(
        [](void *data) { static_cast<TaskQueue *>(data)->drain(); }, &queue, static_cast<unsigned>(threads), 0);
    if (queue.failure) std::rethrow_exception(queue.failure);
}

}  // namespace ctorch
