// What the files of this folder share.
#pragma once

#include "core/guard.hpp"
#include "CTorchDistributed.h"

// libtorch is built with it; its headers ask.
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <chrono>

#pragma GCC visibility push(hidden)

struct ct_process_group_s {
    c10::intrusive_ptr<c10d::ProcessGroup> value;
};

namespace ctorch {

/// What carries tensors from one GPU to another; null without NCCL or without a GPU. All processes must call it.
c10::intrusive_ptr<c10d::Backend> nccl_backend(
    const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, std::chrono::milliseconds timeout);

}  // namespace ctorch

#pragma GCC visibility pop
