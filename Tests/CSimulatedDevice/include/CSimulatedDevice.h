#ifndef CSIMULATED_DEVICE_H
#define CSIMULATED_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What was asked of the simulated device since the counts were last reset.
typedef struct simulated_counts {
    /// Operations that ran on the device, copies among them.
    int64_t kernels;
    /// Copies from the host's memory to the device's, and from the device's to the host's.
    int64_t uploads;
    int64_t downloads;
    /// How often the host had to wait for the device: downloads, and operations whose result has a size that only the
    /// device knows.
    int64_t host_waits;
} simulated_counts;

/// Shows the simulated device to the toolkit as its accelerator, `cuda:0`, or hides it again.
void simulated_device_show(bool shown);

simulated_counts simulated_device_counts(void);
/// The operations that ran, one a line with its number, the most frequent first. To be released by `free`.
char *simulated_device_list(void);
void simulated_device_reset_counts(void);

/// Runs a kernel of the toolkit for GPUs: a `ct_kernel_runner`.
bool simulated_device_run_kernel(const char *name, const uint32_t *grid, uint32_t block, void *const *arguments);

/// Lets the device divide by a number of the host as CUDA does: by multiplying with its reciprocal, which rounds to another result here
/// and there; or as the CPU does.
void simulated_device_divide_as_cuda(bool on);

/// Bytes of device memory in use.
int64_t simulated_device_memory(void);

/// What the host's reading of device memory ends with: what a child of this process says when it reads a byte of a new
/// tensor of the device, to be released by `free`, and in `signal` what it dies of; 0 if it lives.
char *simulated_device_message_of_a_touch(int *signal);

/// The message of the error that an index of the host into a tensor of the device gives, to be released by `free`; empty if
/// it is taken.
char *simulated_device_message_of_a_missing_transfer(void);

/// What the device finds of a 1 that its copying stream was told to bring: where it waits for that stream, and where it does not.
typedef struct {
    float waiting, not_waiting;
} simulated_arrivals;
simulated_arrivals simulated_device_arrivals(void);

#ifdef __cplusplus
}
#endif

#endif
