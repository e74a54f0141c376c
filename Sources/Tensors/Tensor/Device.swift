import CTorch

/// A place where tensors live and are computed on: the CPU, or one CUDA device.
///
/// As text it is `cpu`, or `cuda:0`, `cuda:1`, …; `cuda` alone is read as `cuda:0`.
public enum Device: Hashable, Sendable, LosslessStringConvertible {
    /// The CPU and its memory.
    case cpu
    /// The CUDA device of this index, from 0.
    case cuda(Int)

    /// The device that a text names: `cpu`, `cuda` or `cuda:1`; nil for any other text. Whether this machine has it is
    /// for ``requirePresence()`` to say.
    public init?(_ text: String) {
        switch text {
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        default:
            guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 else { return nil }
            self = .cuda(index)
        }
    }

    /// The device as the C ABI has it: −1 for the CPU, else the index of a CUDA device.
    package var code: Int32 {
        switch self {
        case .cpu: -1
        case .cuda(let index): Int32(index)
        }
    }

    init(code: Int32) { self = code < 0 ? .cpu : .cuda(Int(code)) }

    /// How many CUDA devices this machine has that this libtorch can use; 0 with a libtorch built for the CPU.
    ///
    /// A program that was built with a libtorch for the CPU, and runs with one for CUDA, loads the libraries for CUDA when it
    /// first asks for this or for ``requirePresence()``. It has to ask before it seeds random numbers.
    public static var cudaCount: Int { Int(ct_device_count()) }

    /// Checks that the device is there to be used.
    ///
    /// - Throws: ``MissingDevice`` where this machine, or this libtorch, has no such device.
    public func requirePresence() throws(MissingDevice) {
        guard case .cuda(let index) = self, index >= Device.cudaCount else { return }
        throw MissingDevice(
            index: index, count: Device.cudaCount, hasCUDA: ct_has_accelerator(),
            libtorch: Libtorch.builtVersion, failure: String(cString: ct_accelerator_failure()))
    }

    /// The most bytes that tensors have taken of this device's memory at once since ``resetPeakMemory()``, or since the process
    /// began; nil where that isn't counted, as on the CPU.
    public var peakMemory: Int? {
        let peak = ct_peak_device_memory(code)
        return peak < 0 ? nil : Int(peak)
    }

    /// Lets ``peakMemory`` begin again with what is in use now; no effect where it isn't counted.
    public func resetPeakMemory() { ct_reset_peak_device_memory(code) }

    /// Whether the device has instructions for products of bfloat16. A CPU without them computes in bfloat16 too,
    /// slower than in float32.
    public var multipliesBFloat16: Bool {
        switch self {
        case .cpu: ct_cpu_multiplies_bfloat16()
        case .cuda: true
        }
    }

    /// Waits until everything that was asked of this device is done; returns at once for the CPU. Traps where one of
    /// those operations failed.
    public func synchronize() {
        check(ct_synchronize(code), "synchronize")
    }

    /// `cpu`, or `cuda:` and the index.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}

/// A CUDA device was asked for that is not there.
public struct MissingDevice: Error, Hashable, CustomStringConvertible {
    /// Index of the CUDA device that was asked for.
    public let index: Int
    /// How many CUDA devices there are.
    public let count: Int
    /// Whether libtorch was built with CUDA.
    public let hasCUDA: Bool
    /// libtorch's version.
    public let libtorch: String
    /// Why libtorch's library for CUDA, which is there, could not be used; empty where it was, or where there is none.
    public let failure: String

    package init(index: Int, count: Int, hasCUDA: Bool, libtorch: String, failure: String = "") {
        (self.index, self.count, self.hasCUDA, self.libtorch) = (index, count, hasCUDA, libtorch)
        self.failure = failure
    }

    /// Which device is missing, why, and what to do.
    public var description: String {
        switch (hasCUDA, count) {
        case (_, 0) where !failure.isEmpty:
            "libtorch \(libtorch) has CUDA, but its library can't be used: \(failure); or run with --device cpu"
        case (false, _):
            "libtorch \(libtorch) was built for the CPU; run with --device cpu, or set up one with CUDA "
                + "(LIBTORCH=/their/libtorch tools/setup)"
        case (true, 0):
            "libtorch \(libtorch) has CUDA and finds no device: `nvidia-smi` says whether a driver is there and what it "
                + "lists, and CUDA_VISIBLE_DEVICES may hide devices; or run with --device cpu"
        case (true, let count): "there is no device cuda:\(index); this machine has \(count)"
        }
    }
}

/// This library's own kernels for the CPU, which are faster than compositions of libtorch's operations.
package enum NativeOperations {
    /// Whether the CPU uses them. Where it doesn't, every operation is composed as on other devices, so that one can be
    /// compared with the other. For the whole process.
    package static var areAllowed: Bool {
        get { ct_allows_native_operations() }
        set { ct_allow_native_operations(newValue) }
    }

    /// Whether they take these tensors, as far as the device goes.
    package static func apply(to tensors: Tensor...) -> Bool { apply(to: tensors) }
    package static func apply(to tensors: [Tensor]) -> Bool {
        areAllowed && tensors.allSatisfy { $0.device == .cpu }
    }
}

/// This library's own kernels for GPUs, which are compiled on the machine.
package enum DeviceKernels {
    /// Whether a GPU uses them where there are any. Where it doesn't, norms and sums are composed of libtorch's operations, so that
    /// one can be compared with the other. For the whole process.
    package static var areAllowed: Bool {
        get { ct_allows_device_kernels() }
        set { ct_allow_device_kernels(newValue) }
    }
}
