import Tensors

/// The names of a network's weights, and of what is made of weights alone: a convolution's weight with the norm folded into it
/// is called as the convolution's.
struct WeightNames {
    private var names: [UnsafeRawPointer: String] = [:]

    /// Names of these weights, and of what a recording shows to be made of them.
    ///
    /// - Parameters:
    ///   - parameters: the weights under their names.
    ///   - recording: the network's first run, in which such weights are made.
    init(_ parameters: [(name: String, tensor: Tensor)], made recording: OperationRecording) {
        for (name, tensor) in parameters { names[tensor.address] = name }
        var depending = Set(recording.inputs)
        for operation in recording.operations {
            if operation.inputs.contains(where: depending.contains) {
                depending.formUnion(operation.outputs)
                continue
            }
            let sources = operation.inputs.lazy.compactMap { [names] in names[recording.tensors[$0].address] }
            guard let name = sources.first else { continue }
            for output in operation.outputs where names[recording.tensors[output].address] == nil {
                names[recording.tensors[output].address] = name
            }
        }
    }

    /// The name of a weight; nil for a tensor that is none.
    subscript(_ tensor: Tensor) -> String? { names[tensor.address] }
}

extension Tensor {
    /// Where the elements begin.
    fileprivate var address: UnsafeRawPointer { withUnsafeMutableElements { UnsafeRawPointer($0) } }
}
