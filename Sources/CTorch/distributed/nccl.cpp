// NCCL between processes with a GPU each, where this was built against a libtorch with CUDA, whose headers come with NVIDIA's.
#include "distributed/distributed.hpp"

#if __has_include(<nccl.h>) && __has_include(<cuda_runtime_api.h>)
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "CTorchDistributed.h"

#ifdef USE_C10D_NCCL

c10::intrusive_ptr<c10d::Backend> ctorch::nccl_backend(
    const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, std::chrono::milliseconds timeout) {
    if (!at::hasCUDA()) return {};
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, std::move(options));
}

bool ct_has_nccl(void) { return at::hasCUDA(); }

#else

c10::intrusive_ptr<c10d::Backend> ctorch::nccl_backend(
    const c10::intrusive_ptr<c10d::Store> &, int, int, std::chrono::milliseconds) {
    return {};
}

bool ct_has_nccl(void) { return false; }

#endif
