#include "distributed/distributed.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <c10/util/Logging.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>

using namespace ctorch;

struct ct_store_s {
    c10::intrusive_ptr<c10d::Store> value;
};

namespace {

using Clock = std::chrono::steady_clock;

/// The times of a backward pass, which the threads of the exchange add to.
class PassTimes {
public:
    void begin() {
        const std::lock_guard lock(mutex);
        transfers.clear();
        began = Clock::now();
    }
    void end() {
        const std::lock_guard lock(mutex);
        duration = now();
    }
    size_t begin_transfer(int64_t bytes) {
        const std::lock_guard lock(mutex);
        transfers.push_back({now(), 0, bytes});
        return transfers.size() - 1;
    }
    void end_transfer(size_t index) {
        const std::lock_guard lock(mutex);
        if (index < transfers.size()) transfers[index].end = now();
    }
    int32_t read(double *seconds, ct_transfer *out, int32_t room) {
        const std::lock_guard lock(mutex);
        *seconds = duration;
        std::copy_n(transfers.begin(), std::min<size_t>(room, transfers.size()), out);
        return static_cast<int32_t>(transfers.size());
    }

private:
    std::mutex mutex;
    Clock::time_point began;
    double duration = 0;
    std::vector<ct_transfer> transfers;

    double now() const { return std::chrono::duration<double>(Clock::now() - began).count(); }
};

/// Averages each bucket as the reducer does by itself, and notes when.
class TimedAverage final : public c10d::CppCommHookInterface<c10::intrusive_ptr<c10d::ProcessGroup>> {
public:
    TimedAverage(const c10::intrusive_ptr<c10d::ProcessGroup> &group, std::shared_ptr<PassTimes> times)
        : CppCommHookInterface(group), times(std::move(times)) {}

    c10::intrusive_ptr<c10::ivalue::Future> runHook(c10d::GradBucket &bucket) override {
        std::vector<at::Tensor> gradients{bucket.getBufferRef()};
        gradients[0].mul_(1.0 / state_->getSize());
        const size_t index = times->begin_transfer(static_cast<int64_t>(gradients[0].nbytes()));
        auto future = state_->allreduce(gradients)->getFuture();
        future->addCallback([times = times, index](c10::ivalue::Future &) { times->end_transfer(index); });
        return future;
    }

private:
    std::shared_ptr<PassTimes> times;
};

}  // namespace

struct ct_reducer_s {
    std::unique_ptr<c10d::Reducer> value;
    /// Null where no times are kept.
    std::shared_ptr<PassTimes> times;
};

namespace {

/// Sizes of the buckets in which gradients travel, as in PyTorch's DistributedDataParallel: a small first one, so that the
/// last layers' gradients leave early.
constexpr int64_t bucket_bytes = 25 << 20, first_bucket_bytes = 1 << 20;

std::chrono::milliseconds milliseconds(double seconds) {
    return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

void wait(const c10::intrusive_ptr<c10d::Work> &work) { work->wait(); }

}  // namespace

ct_status ct_store_new(
    const char *host, uint16_t port, bool serves, const char *prefix, double timeout, ct_store *out) {
    return ct_guard([&] {
        // c10d tells standard error what the caller is told anyway.
        setenv("TORCH_CPP_LOG_LEVEL", "FATAL", 0);
        c10::initLogging();
        c10d::TCPStoreOptions options;
        options.port = port;
        options.isServer = serves;
        options.waitWorkers = false;
        options.timeout = milliseconds(timeout);
        auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
        *out = new ct_store_s{c10::make_intrusive<c10d::PrefixStore>(prefix, std::move(store))};
    });
}
void ct_store_free(ct_store store) { delete store; }
ct_status ct_store_set(ct_store store, const char *key, const char *value) {
    return ct_guard([&] { store->value->set(key, std::string(value)); });
}
ct_status ct_store_has(ct_store store, const char *key, bool *out) {
    return ct_guard([&] { *out = store->value->check({key}); });
}
ct_status ct_store_get(ct_store store, const char *key, char **out) {
    return ct_guard([&] { *out = strdup(store->value->get_to_str(key).c_str()); });
}
ct_status ct_store_add(ct_store store, const char *key, int64_t amount, int64_t *out) {
    return ct_guard([&] { *out = store->value->add(key, amount); });
}

ct_status ct_process_group_new(ct_store store, int32_t rank, int32_t size, double timeout, ct_process_group *out) {
    return ct_guard([&] {
        auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(timeout));
        options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
        auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store->value, rank, size, options);
        auto group = c10::make_intrusive<c10d::ProcessGroup>(store->value, rank, size);
        group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
        group->setBackend(c10::kCPU, c10d::ProcessGroup::BackendType::GLOO, gloo);
        if (auto nccl = nccl_backend(store->value, rank, size, milliseconds(timeout))) {
            group->setBackend(c10::kCUDA, c10d::ProcessGroup::BackendType::NCCL, nccl);
        } else {
            // Gloo carries a GPU's tensors by way of the host.
            group->setBackend(c10::kCUDA, c10d::ProcessGroup::BackendType::GLOO, gloo);
        }
        *out = new ct_process_group_s{std::move(group)};
    });
}
void ct_process_group_free(ct_process_group group) { delete group; }

ct_status ct_all_reduce(ct_process_group group, const ct_tensor *tensors, int32_t count) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        for (auto &tensor : list(tensors, count)) {
            // Gloo moves whole blocks.
            auto block = tensor.contiguous();
            std::vector<at::Tensor> one{block};
            wait(group->value->allreduce(one));
            if (!block.is_same(tensor)) tensor.copy_(block);
        }
    });
}
ct_status ct_broadcast(ct_process_group group, const ct_tensor *tensors, int32_t count) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        for (auto &tensor : list(tensors, count)) {
            auto block = tensor.detach().contiguous();
            std::vector<at::Tensor> one{block};
            wait(group->value->broadcast(one));
            if (!block.is_same(tensor)) tensor.detach().copy_(block);
        }
    });
}
ct_status ct_all_gather(ct_process_group group, ct_tensor x, ct_tensor *out) {
    return ct_guard([&] {
        at::NoGradGuard no_grad;
        std::vector<at::Tensor> input{x->value.contiguous()};
        std::vector<std::vector<at::Tensor>> output(1);
        for (int i = 0; i < group->value->getSize(); ++i) output[0].push_back(at::empty_like(input[0]));
        wait(group->value->allgather(output, input));
        *out = wrap(at::stack(output[0]));
    });
}
ct_status ct_barrier(ct_process_group group) {
    return ct_guard([&] { wait(group->value->barrier()); });
}

ct_status ct_reducer_new(ct_process_group group, const ct_tensor *parameters, int32_t count, ct_reducer *out) {
    return ct_guard([&] {
        auto variables = list(parameters, count);
        // From the last to the first parameter, which is about the order in which the backward pass comes to them.
        std::vector<at::Tensor> reversed(variables.rbegin(), variables.rend());
        auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(
            reversed, {static_cast<size_t>(first_bucket_bytes), static_cast<size_t>(bucket_bytes)});
        for (auto &bucket : buckets)
            for (auto &index : bucket) index = variables.size() - 1 - index;
        std::vector<bool> sparse(variables.size(), false);
        *out = new ct_reducer_s{
            std::make_unique<c10d::Reducer>(
                variables, buckets, group->value, sparse, bucket_bytes, /*find_unused_parameters=*/false,
                /*gradient_as_bucket_view=*/true, std::unordered_map<size_t, std::string>(), first_bucket_bytes,
                /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false, std::vector<int64_t>()),
            nullptr};
    });
}
ct_status ct_reducer_record(ct_reducer reducer, ct_process_group group) {
    return ct_guard([&] {
        auto times = std::make_shared<PassTimes>();
        reducer->value->register_comm_hook(std::make_unique<TimedAverage>(group->value, times));
        reducer->times = std::move(times);
    });
}
int32_t ct_reducer_times(ct_reducer reducer, double *seconds, ct_transfer *out, int32_t room) {
    if (reducer->times) return reducer->times->read(seconds, out, room);
    *seconds = 0;
    return 0;
}
void ct_reducer_free(ct_reducer reducer) {
    ct_guard([&] {
        reducer->value->remove_autograd_hooks();
        delete reducer;
    });
}
ct_status ct_reducer_backward(ct_reducer reducer, ct_tensor loss) {
    return ct_guard([&] {
        reducer->value->prepare_for_forward();
        reducer->value->prepare_for_backward({loss->value});
        if (reducer->times) reducer->times->begin();
        torch::autograd::backward({loss->value});
        if (reducer->times) reducer->times->end();
        // Throws where a parameter had no gradient, as the others would wait for it.
        reducer->value->check_finalized();
    });
}
