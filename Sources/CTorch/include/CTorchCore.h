#ifndef CTORCH_CORE_H
#define CTORCH_CORE_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

/// A reference to a libtorch tensor. Each handle that a call returns is released once, by `ct_tensor_release`.
typedef struct ct_tensor_s *ct_tensor;

/// Whether a call succeeded: 0 if so. After anything else `ct_last_error` says what went wrong, on the calling thread,
/// until the next failure there.
typedef int32_t ct_status;

/// The status of a call that did not get the memory that it asked for. Any other failure has another one.
enum { CT_OUT_OF_MEMORY = 2 };

/// Types of elements.
typedef enum ct_dtype : int32_t {
    CT_FLOAT32 = 0,
    CT_FLOAT64 = 1,
    CT_BFLOAT16 = 2,
    CT_FLOAT16 = 3,
    CT_UINT8 = 4,
    CT_INT32 = 5,
    CT_INT64 = 6,
    CT_BOOL = 7,
    CT_INT8 = 8,
    CT_INT16 = 9,
} ct_dtype;

/// Orders of elements in memory; `CT_PRESERVE` is that of the tensor another is made from.
typedef enum ct_memory_format : int32_t {
    CT_CONTIGUOUS = 0,
    CT_CHANNELS_LAST = 1,
    CT_CHANNELS_LAST_3D = 2,
    CT_PRESERVE = 3,
} ct_memory_format;

/// A number beside a tensor. Whether it is an integer takes part in type promotion, as with a number of Python's.
typedef struct ct_scalar {
    double real;
    int64_t integer;
    bool is_integer;
} ct_scalar;

/// The message of the calling thread's last failed call.
const char *ct_last_error(void);
/// Version of the libtorch that this was built for, as "2.13.0".
const char *ct_version(void);
/// Version of the libtorch that was loaded; the other one where it doesn't say.
const char *ct_loaded_version(void);
/// Name of the allocator that serves malloc: "jemalloc" with its settings, or "system".
const char *ct_allocator(void);

/// The CRC-32 of bytes (that of zlib, PNG and zip) that follow others of the CRC-32 `before`; 0 where none do.
uint32_t ct_crc32(uint32_t before, const void *bytes, uint64_t count);

/// How many handles are alive in this process.
int64_t ct_live_handles(void);
/// Releases a handle; null is allowed.
void ct_tensor_release(ct_tensor tensor);

ct_status ct_set_thread_count(int32_t count);
int32_t ct_thread_count(void);
/// Whether the CPU has instructions for products of bfloat16, and kernels may use them.
bool ct_cpu_multiplies_bfloat16(void);
/// The level of instructions that kernels use, and the level that this CPU has: 0 for those of every x86-64, 1 for AVX2, 2
/// for AVX-512, 3 for AVX-512 with its dot product of bfloat16, 4 for the tile unit (AMX).
int32_t ct_instructions(void);
int32_t ct_present_instructions(void);
/// Has kernels use no more than a level from now on.
void ct_limit_instructions(int32_t most);

/// Lets the library's operations use their own kernels on the CPU, or has them composed of libtorch's, as on other devices.
void ct_allow_native_operations(bool allowed);
bool ct_allows_native_operations(void);

// In all calls `device` is -1 for the CPU, else the index of another device: one of CUDA's, or of a backend that has been
// registered with libtorch (PrivateUse1).

/// Whether this libtorch computes on other devices than the CPU where there are some. This and the count load libtorch's
/// library for CUDA where it lies beside the others and was not linked; that has no effect any more once libtorch has looked
/// for CUDA itself, as it does when random numbers are seeded.
bool ct_has_accelerator(void);
/// How many devices beside the CPU there are that libtorch can use.
int32_t ct_device_count(void);
/// Why libtorch's library for CUDA, which is there, is not used; empty if it is, or if there is none.
const char *ct_accelerator_failure(void);
/// The most bytes of a device's memory that tensors have taken at once since the peak was reset; -1 where its allocator does
/// not count, and on the CPU.
int64_t ct_peak_device_memory(int32_t device);
/// Lets the count of the peak begin at what is in use now; no effect where the allocator does not count.
void ct_reset_peak_device_memory(int32_t device);
/// Whether a device computes by kernels of this package where there are any; else by libtorch's operations alone.
void ct_allow_device_kernels(bool allowed);
bool ct_allows_device_kernels(void);
/// Runs a kernel of this package by its name, and returns whether it knows it: `grid` blocks along three axes of `block` threads
/// each, and the address of each argument.
typedef bool (*ct_kernel_runner)(const char *name, const uint32_t *grid, uint32_t block, void *const *arguments);
/// Lets a device that some library has brought to libtorch run the kernels; null takes that back.
void ct_set_kernel_runner(ct_kernel_runner runner);
/// Waits until everything asked of a device is done.
ct_status ct_synchronize(int32_t device);

/// How CUDA devices compute float32, for the whole process. TensorFloat-32 has the range of float32 and ten bits after the
/// point.
typedef struct ct_device_arithmetic {
    bool tf32_convolutions;
    bool tf32_products;
    /// Whether cuDNN tries its algorithms for each new size of a convolution and keeps the fastest.
    bool cudnn_benchmark;
} ct_device_arithmetic;
ct_status ct_set_device_arithmetic(ct_device_arithmetic arithmetic);
ct_device_arithmetic ct_current_device_arithmetic(void);

/// Copies memory that holds the elements row-major.
ct_status ct_from_bytes(
    const void *bytes, const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t device, ct_tensor *out);
/// Wraps memory without a copy; `release(context)` is called when libtorch lets go of it.
ct_status ct_from_borrowed(
    void *bytes, const int64_t *shape, int32_t rank, ct_dtype dtype, void (*release)(void *context), void *context,
    ct_tensor *out);
ct_status ct_empty(
    const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t device, ct_memory_format format, ct_tensor *out);
ct_status ct_full(const int64_t *shape, int32_t rank, ct_scalar value, ct_dtype dtype, int32_t device, ct_tensor *out);
ct_status ct_arange(ct_scalar start, ct_scalar end, ct_scalar step, ct_dtype dtype, int32_t device, ct_tensor *out);
ct_status ct_eye(int64_t size, ct_dtype dtype, int32_t device, ct_tensor *out);

/// Copies the elements, row-major, converted to `dtype`, to `destination` (room for `count` elements).
ct_status ct_copy_out(ct_tensor tensor, ct_dtype dtype, void *destination, int64_t count);
/// Address of the first element of a CPU tensor.
ct_status ct_data_pointer(ct_tensor tensor, void **out);

int32_t ct_rank(ct_tensor tensor);
void ct_shape(ct_tensor tensor, int64_t *out);
void ct_strides(ct_tensor tensor, int64_t *out);
int64_t ct_count(ct_tensor tensor);
int32_t ct_dtype_of(ct_tensor tensor);
int32_t ct_device_of(ct_tensor tensor);
bool ct_is_contiguous(ct_tensor tensor, ct_memory_format format);
bool ct_is_same(ct_tensor a, ct_tensor b);
/// A number that counts up with each change in place.
int64_t ct_version_of(ct_tensor tensor);
ct_status ct_item(ct_tensor tensor, double *out);
ct_status ct_item_int(ct_tensor tensor, int64_t *out);

ct_status ct_to_dtype(ct_tensor tensor, ct_dtype dtype, ct_tensor *out);
ct_status ct_to_device(ct_tensor tensor, int32_t device, ct_tensor *out);
/// `count` tensors of the CPU on a device, in one copy that the host does not wait for; they may change once this returns.
ct_status ct_upload(const ct_tensor *tensors, int32_t count, int32_t device, ct_tensor *out);
ct_status ct_to_format(ct_tensor tensor, ct_memory_format format, ct_tensor *out);
ct_status ct_contiguous(ct_tensor tensor, ct_memory_format format, ct_tensor *out);
ct_status ct_clone(ct_tensor tensor, ct_tensor *out);

// Random numbers from libtorch's default generators.
ct_status ct_seed(uint64_t seed);
ct_status ct_seed_device(int32_t device, uint64_t seed);
ct_status ct_random_state(ct_tensor *out);
ct_status ct_set_random_state(ct_tensor state);
ct_status ct_rand(const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t device, ct_tensor *out);
ct_status ct_randn(const int64_t *shape, int32_t rank, ct_dtype dtype, int32_t device, ct_tensor *out);
ct_status ct_randint(int64_t low, int64_t high, const int64_t *shape, int32_t rank, int32_t device, ct_tensor *out);
ct_status ct_randperm(int64_t count, int32_t device, ct_tensor *out);

/// A zip archive as PyTorch writes it, opened.
typedef struct ct_archive_s *ct_archive;
ct_status ct_archive_open(const char *path, ct_archive *out);
void ct_archive_close(ct_archive archive);
/// The bytes of a record, such as "data.pkl" or "data/0", as uint8 `[size]`; null if there is none of that name.
ct_status ct_archive_record(ct_archive archive, const char *name, ct_tensor *out);
/// A tensor over the memory of `bytes` (uint8), from element `offset` on; fails where it would reach beyond it.
ct_status ct_view_bytes(
    ct_tensor bytes, ct_dtype dtype, int64_t offset, const int64_t *shape, const int64_t *strides, int32_t rank,
    ct_tensor *out);
/// Writes a state dict in PyTorch's zip form, straight to `path`.
ct_status ct_write_pth(const char *path, const char *const *names, const ct_tensor *tensors, int32_t count);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
