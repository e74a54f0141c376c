import CTorch

/// Where a tensor's elements live.
///
/// As text it is `cpu`, `cuda` or, where there are several, `cuda:1`.
public enum Device: Hashable, Sendable, LosslessStringConvertible {
    case cpu
    /// The CUDA device of this index.
    case cuda(Int)

    /// Nil for a text that names no device.
    public init?(_ text: String) {
        switch text {
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        default:
            guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 else { return nil }
            self = .cuda(index)
        }
    }

    package var code: Int32 {
        switch self {
        case .cpu: -1
        case .cuda(let index): Int32(index)
        }
    }

    init(code: Int32) { self = code < 0 ? .cpu : .cuda(Int(code)) }

    /// CUDA devices that this machine and this libtorch can use.
    public static var cudaCount: Int { Int(ct_cuda_device_count()) }

    /// Throws `MissingDevice` where this machine, or this libtorch, has no such device.
    public func requirePresence() throws(MissingDevice) {
        guard case .cuda(let index) = self, index >= Device.cudaCount else { return }
        throw MissingDevice(index: index, count: Device.cudaCount)
    }

    /// Whether it has instructions for products of bfloat16, which it imitates otherwise.
    public var multipliesBFloat16: Bool {
        switch self {
        case .cpu: ct_cpu_multiplies_bfloat16()
        case .cuda: true
        }
    }

    /// Waits until everything asked of the device is done. Nothing to wait for on the CPU.
    public func synchronize() {
        if case .cuda = self { check(ct_cuda_synchronize(), "synchronize") }
    }

    /// As text: `cpu`, `cuda` or `cuda:1`; for an error, what is missing and what to do.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}

/// A device that is not there.
public struct MissingDevice: Error, Hashable, CustomStringConvertible {
    /// The CUDA device that was asked for.
    public let index: Int
    /// CUDA devices that there are.
    public let count: Int

    /// As text: `cpu`, `cuda` or `cuda:1`; for an error, what is missing and what to do.
    public var description: String {
        count == 0
            ? "there is no CUDA device that this libtorch can use; run with --device cpu, or set up a CUDA libtorch "
                + "(LIBTORCH=/their/libtorch tools/setup)"
            : "there is no device cuda:\(index); this machine has \(count)"
    }
}
