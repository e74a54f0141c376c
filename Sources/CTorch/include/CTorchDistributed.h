// Processes that train one model together: libtorch's c10d. Calls that wait for other processes fail, with the engine's
// message, where one of them is gone or the time is up.
#ifndef CTORCH_DISTRIBUTED_H
#define CTORCH_DISTRIBUTED_H

#include "CTorchCore.h"

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_store_s *ct_store;
typedef struct ct_process_group_s *ct_process_group;
typedef struct ct_reducer_s *ct_reducer;

/// Connects to the key-value store of all processes at an address, or serves it. Keys get `prefix` in front.
ct_status ct_store_new(const char *host, uint16_t port, bool serves, const char *prefix, double timeout, ct_store *out);
void ct_store_free(ct_store store);
ct_status ct_store_set(ct_store store, const char *key, const char *value);
/// Whether a key is there.
ct_status ct_store_has(ct_store store, const char *key, bool *out);
/// The value of a key, which is waited for; to be freed with `free`.
ct_status ct_store_get(ct_store store, const char *key, char **out);
/// Adds to the integer of a key, which begins with 0.
ct_status ct_store_add(ct_store store, const char *key, int64_t amount, int64_t *out);

/// Joins process `rank` of `size` to the others; all of them must call it. Tensors of the CPU travel by Gloo, those of GPUs by
/// NCCL where there is one. `timeout` is of each later operation, in seconds.
ct_status ct_process_group_new(ct_store store, int32_t rank, int32_t size, double timeout, ct_process_group *out);
/// Whether GPUs exchange tensors by NCCL; else they go by way of the host.
bool ct_has_nccl(void);
void ct_process_group_free(ct_process_group group);
/// Replaces each tensor by the sum of all processes' ones.
ct_status ct_all_reduce(ct_process_group group, const ct_tensor *tensors, int32_t count);
/// Replaces each tensor by that of the first process.
ct_status ct_broadcast(ct_process_group group, const ct_tensor *tensors, int32_t count);
/// The tensors `[n]` of all processes as one, `[processes, n]`.
ct_status ct_all_gather(ct_process_group group, ct_tensor x, ct_tensor *out);
ct_status ct_barrier(ct_process_group group);

/// A map `[N, C, …]` less the mean of each channel over all processes, divided by the root of the variance and `epsilon`. With
/// the mean and the biased variance, `[C]`, and the number of elements of a channel, `[1]`, which have no gradient.
ct_status ct_synchronized_norm(
    ct_process_group group, ct_tensor x, double epsilon, ct_tensor *y, ct_tensor *mean, ct_tensor *variance,
    ct_tensor *count);

/// c10d's reducer, which averages the parameters' gradients over all processes while the backward pass goes on. The gradients
/// become views of its buckets. Each pass must give every parameter a gradient.
ct_status ct_reducer_new(ct_process_group group, const ct_tensor *parameters, int32_t count, ct_reducer *out);
void ct_reducer_free(ct_reducer reducer);
/// When a bucket of gradients began to travel and had arrived, in seconds from the begin of its backward pass.
typedef struct {
    double start, end;
    int64_t bytes;
} ct_transfer;
/// Keeps the times of each backward pass from now on. With NCCL a bucket has arrived for this when it was handed over.
ct_status ct_reducer_record(ct_reducer reducer, ct_process_group group);
/// How many buckets travelled in the last backward pass, the seconds that it took, and the buckets' times as far as there is room.
int32_t ct_reducer_times(ct_reducer reducer, double *seconds, ct_transfer *out, int32_t room);

/// A backward pass of a loss `[]` that ends with the averages in the gradients.
ct_status ct_reducer_backward(ct_reducer reducer, ct_tensor loss);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
