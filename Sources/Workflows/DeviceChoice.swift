import Tensors

/// Where a user wants work done: `cpu`, `cuda`, or one of several, `cuda:1`.
public enum DeviceChoice: Hashable, Sendable, LosslessStringConvertible {
    case cpu
    case cuda(Int)

    public init?(_ text: String) {
        switch text {
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        default:
            guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 else { return nil }
            self = .cuda(index)
        }
    }

    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    /// The device.
    ///
    /// - Throws: `MissingDevice` where this machine, or this libtorch, has none.
    func device() throws -> Device {
        guard case .cuda(let index) = self else { return .cpu }
        guard index < Device.cudaCount else { throw MissingDevice(index: index, count: Device.cudaCount) }
        return .cuda(index)
    }
}

/// A device that is not there.
public struct MissingDevice: Error, Hashable, CustomStringConvertible {
    public let index: Int
    /// CUDA devices that there are.
    public let count: Int

    public var description: String {
        count == 0
            ? "there is no CUDA device that this libtorch can use; run with --device cpu, or set up a CUDA libtorch "
                + "(LIBTORCH=/their/libtorch tools/setup)"
            : "there is no device cuda:\(index); this machine has \(count)"
    }
}
