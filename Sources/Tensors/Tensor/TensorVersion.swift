import CTorch

/// A tensor in its present state: equal as long as it is the same one and nothing has been written into it.
package struct TensorVersion: Equatable {
    private let tensor: Tensor
    private let version: Int64

    /// The tensor as it is now.
    package init(_ tensor: Tensor) {
        self.tensor = tensor
        version = ct_version_of(tensor.raw)
    }

    /// Whether both are of one tensor, and nothing was written into it between them.
    package static func == (a: TensorVersion, b: TensorVersion) -> Bool {
        a.version == b.version && a.tensor.isSame(as: b.tensor)
    }
}
