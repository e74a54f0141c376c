/// Why a network can't be written as an ONNX model.
public struct ONNXExportError: Error, Hashable, CustomStringConvertible {
    /// The operation that stands in the way, as libtorch or this package names it: `aten::fft`.
    public let operation: String
    /// What is wrong with it, and what to do.
    public let reason: String

    /// The operation and the reason in one line.
    public var description: String { "\(operation): \(reason)" }
}
