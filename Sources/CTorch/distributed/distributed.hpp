// What the files of this folder share.
#pragma once

#include "core/guard.hpp"
#include "CTorchDistributed.h"

// libtorch is built with it; its headers ask.
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

struct ct_process_group_s {
    c10::intrusive_ptr<c10d::ProcessGroup> value;
};
