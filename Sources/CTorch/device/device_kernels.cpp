#include "device/device_kernels.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "CTorchCore.h"
#include "core/guard.hpp"

// Turns code into text. A line of it ends with its last token: the text is one line.
#define VERTEBRA_DEVICE_CODE(...) #__VA_ARGS__ "\n"

namespace ctorch {
namespace {

const char *const kernel_text =
#include "normalized_sum/device_sum_operands.inc"
#include "normalized_sum/device_sum_kernels.inc"
    ;

std::atomic<ct_kernel_runner> runner{nullptr};
std::atomic<bool> are_allowed{true};

/// The functions of the driver and of its compiler that are used here, as their documentation declares them. They are found in what
/// libtorch loads for its own kernels, so no header of CUDA is needed. Handles are pointers, results integers, 0 for success.
struct Driver {
    int (*nvrtcCreateProgram)(void **, const char *, const char *, int, const char *const *, const char *const *);
    int (*nvrtcCompileProgram)(void *, int, const char *const *);
    int (*nvrtcDestroyProgram)(void **);
    int (*nvrtcGetCUBINSize)(void *, size_t *);
    int (*nvrtcGetCUBIN)(void *, char *);
    int (*nvrtcGetProgramLogSize)(void *, size_t *);
    int (*nvrtcGetProgramLog)(void *, char *);
    int (*cuModuleLoadData)(void **, const void *);
    int (*cuModuleGetFunction)(void **, void *, const char *);
    int (*cuLaunchKernel)(
        void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **);
    int (*cuDeviceGet)(int *, int);
    int (*cuDeviceGetAttribute)(int *, int, int);
    int (*cuCtxGetCurrent)(void **);
    int (*cuCtxSetCurrent)(void *);
    int (*cuDevicePrimaryCtxRetain)(void **, int);

    /// Null, with a reason, where libtorch has no CUDA or a function is missing.
    static const Driver *find(std::string &reason) {
        const std::string path = path_beside_libtorch("libcaffe2_nvrtc.so");
        void *library = dlopen(path.c_str(), RTLD_NOW);
        if (library == nullptr) {
            const char *message = dlerror();
            reason = message == nullptr ? path + " can't be loaded" : message;
            return nullptr;
        }
        static Driver driver;
        const std::pair<const char *, void *> wanted[] = {
            {"nvrtcCreateProgram", &driver.nvrtcCreateProgram},
            {"nvrtcCompileProgram", &driver.nvrtcCompileProgram},
            {"nvrtcDestroyProgram", &driver.nvrtcDestroyProgram},
            {"nvrtcGetCUBINSize", &driver.nvrtcGetCUBINSize},
            {"nvrtcGetCUBIN", &driver.nvrtcGetCUBIN},
            {"nvrtcGetProgramLogSize", &driver.nvrtcGetProgramLogSize},
            {"nvrtcGetProgramLog", &driver.nvrtcGetProgramLog},
            {"cuModuleLoadData", &driver.cuModuleLoadData},
            {"cuModuleGetFunction", &driver.cuModuleGetFunction},
            {"cuLaunchKernel", &driver.cuLaunchKernel},
            {"cuDeviceGet", &driver.cuDeviceGet},
            {"cuDeviceGetAttribute", &driver.cuDeviceGetAttribute},
            {"cuCtxGetCurrent", &driver.cuCtxGetCurrent},
            {"cuCtxSetCurrent", &driver.cuCtxSetCurrent},
            {"cuDevicePrimaryCtxRetain", &driver.cuDevicePrimaryCtxRetain},
        };
        for (const auto &[name, into] : wanted) {
            void *found = dlsym(library, name);
            if (found == nullptr) {
                reason = path + " has no " + name;
                return nullptr;
            }
            *static_cast<void **>(into) = found;
        }
        return &driver;
    }
};

/// The compiled kernels of one GPU.
class Kernels {
public:
    Kernels(const Driver &driver, int index) : driver(driver) {
        check(driver.cuDeviceGet(&ordinal, index), "cuDeviceGet");
        make_current();
        // The attributes CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
        int major = 0, minor = 0;
        check(driver.cuDeviceGetAttribute(&major, 75, ordinal), "cuDeviceGetAttribute");
        check(driver.cuDeviceGetAttribute(&minor, 76, ordinal), "cuDeviceGetAttribute");
        const std::string architecture = "--gpu-architecture=sm_" + std::to_string(major) + std::to_string(minor);
        const char *options[] = {architecture.c_str(), "--std=c++17"};
        void *program = nullptr;
        check(
            driver.nvrtcCreateProgram(&program, kernel_text, "vertebra.cu", 0, nullptr, nullptr), "nvrtcCreateProgram");
        const int result = driver.nvrtcCompileProgram(program, 2, options);
        size_t size = 0;
        if (result != 0) {
            driver.nvrtcGetProgramLogSize(program, &size);
            std::string log(size, ' ');
            driver.nvrtcGetProgramLog(program, log.data());
            TORCH_CHECK(false, "nvrtcCompileProgram gave ", result, " for ", architecture, ": ", log);
        }
        check(driver.nvrtcGetCUBINSize(program, &size), "nvrtcGetCUBINSize");
        std::string code(size, ' ');
        check(driver.nvrtcGetCUBIN(program, code.data()), "nvrtcGetCUBIN");
        driver.nvrtcDestroyProgram(&program);
        check(driver.cuModuleLoadData(&module, code.data()), "cuModuleLoadData");
    }

    void launch(const char *name, std::array<uint32_t, 3> grid, uint32_t block, void *stream, void *const *arguments) {
        make_current();
        check(
            driver.cuLaunchKernel(
                function(name), grid[0], grid[1], grid[2], block, 1, 1, 0, stream, const_cast<void **>(arguments),
                nullptr),
            name);
    }

private:
    const Driver &driver;
    int ordinal = 0;
    void *module = nullptr;
    std::mutex mutex;
    std::unordered_map<std::string, void *> functions;

    static void check(int result, const char *what) {
        TORCH_CHECK(result == 0, what, " gave the error ", result, " of CUDA's driver");
    }

    /// A thread that has not called CUDA's runtime yet has no context: the one that the runtime uses becomes its own.
    void make_current() const {
        void *context = nullptr;
        check(driver.cuCtxGetCurrent(&context), "cuCtxGetCurrent");
        if (context != nullptr) return;
        check(driver.cuDevicePrimaryCtxRetain(&context, ordinal), "cuDevicePrimaryCtxRetain");
        check(driver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    }

    void *function(const char *name) {
        const std::lock_guard lock(mutex);
        void *&known = functions[name];
        if (known == nullptr) check(driver.cuModuleGetFunction(&known, module, name), name);
        return known;
    }
};

/// The kernels of a GPU; null, said once, where there can't be any.
Kernels *kernels_of(const at::Device &device) {
    static std::mutex mutex;
    static auto *const known = new std::map<int, Kernels *>();
    const std::lock_guard lock(mutex);
    const auto found = known->find(device.index());
    if (found != known->end()) return found->second;
    const c10::DeviceGuard guard(device);
    std::string reason;
    Kernels *kernels = nullptr;
    static const Driver *const driver = Driver::find(reason);
    if (driver != nullptr) {
        try {
            kernels = new Kernels(*driver, device.index());
        } catch (const c10::Error &error) {
            reason = error.what_without_backtrace();
        }
    }
    if (kernels == nullptr) {
        fprintf(
            stderr, "vertebra: %s computes norms by libtorch's operations alone, which are slower: %s\n",
            device.str().c_str(), reason.c_str());
    }
    return (*known)[device.index()] = kernels;
}

}  // namespace

bool has_device_kernels(const at::Device &device) {
    if (!are_allowed.load(std::memory_order_relaxed)) return false;
    if (device.type() == at::kPrivateUse1) return runner.load() != nullptr;
    return device.type() == at::kCUDA && kernels_of(device) != nullptr;
}

void launch(
    const at::Device &device, const char *kernel, std::array<uint32_t, 3> grid, uint32_t block,
    const KernelArguments &arguments) {
    if (device.type() == at::kPrivateUse1) {
        TORCH_CHECK(
            runner.load()(kernel, grid.data(), block, arguments.data()), "the simulated device has no kernel ", kernel);
        return;
    }
    const c10::DeviceGuard guard(device);
    Kernels *kernels = kernels_of(device);
    TORCH_CHECK(kernels != nullptr, device, " has no kernels");
    const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
    kernels->launch(kernel, grid, block, stream.native_handle(), arguments.data());
}

}  // namespace ctorch

void ct_allow_device_kernels(bool allowed) { ctorch::are_allowed = allowed; }
bool ct_allows_device_kernels(void) { return ctorch::are_allowed; }
void ct_set_kernel_runner(ct_kernel_runner runner) { ctorch::runner = runner; }
