import CTorch
import Foundation

/// An operation that was asked of libtorch, or one of this package's own, while a network ran.
package struct RecordedOperation: Hashable, Sendable, Decodable {
    /// Its name: `aten::relu` for libtorch's, `vertebra::roi_align` for one of this package's.
    package let name: String
    /// libtorch's name of the form that takes these arguments: `Tensor` of `aten::add`.
    package let overload: String
    /// The arguments under their names.
    package let arguments: [String: RecordedArgument]
    /// The numbers of the tensors that went in.
    package let inputs: [Int]
    /// The numbers of the tensors that came out. One that was written to in its place has a new number.
    package let outputs: [Int]
    /// The numbers of other tensors that changed, since they share memory with one that was written to.
    package let stale: [Int]
}

/// The operations that a piece of work asked for, in their order, and the tensors that went through them.
package struct OperationRecording: Sendable {
    /// The operations, first to last.
    package let operations: [RecordedOperation]
    /// Every tensor by number, with the elements that it has by now.
    package let tensors: [Tensor]
    /// The numbers of what the work was given.
    package let inputs: [Int]
    /// The numbers of what it returned.
    package let outputs: [Int]

    /// Runs a piece of work, and records the operations that this thread asks for, composed of libtorch's wherever they have an
    /// own kernel. No gradient is kept.
    ///
    /// - Parameters:
    ///   - inputs: the tensors whose way is followed.
    ///   - work: what is done with them; it returns the results.
    package init(inputs: [Tensor], _ work: () throws -> [Tensor]) throws {
        let wereAllowed = NativeOperations.areAllowed
        NativeOperations.areAllowed = false
        defer { NativeOperations.areAllowed = wereAllowed }
        var handle: OpaquePointer?
        check(ct_recording_begin(&handle), "record")
        defer { ct_recording_free(handle) }
        self.inputs = inputs.map { Int(ct_recording_number(handle, $0.raw)) }
        let results = try withoutGrad { try work() }
        outputs = results.map { Int(ct_recording_number(handle, $0.raw)) }
        ct_recording_end(handle)
        tensors = (0..<ct_recording_tensor_count(handle)).map { number in
            produce("record", []) { ct_recording_tensor(handle, number, $0) }
        }
        let text = Data(String(cString: ct_recording_text(handle)).utf8)
        operations = try JSONDecoder().decode([RecordedOperation].self, from: text)
    }
}

/// Does work that stands as one operation in a recording, if there is one: what it asks of libtorch is left out, and may use
/// kernels of its own.
///
/// - Parameters:
///   - name: the operation's name, without `vertebra::`.
///   - inputs: the tensors that go in.
///   - arguments: what else it depends on.
///   - outputs: the tensors of the result that other recorded operations read.
///   - work: what is done.
package func recorded<Result>(
    as name: String, _ inputs: @autoclosure () -> [Tensor], _ arguments: @autoclosure () -> [String: RecordedArgument],
    outputs: (Result) -> [Tensor] = { _ in [] }, _ work: () throws -> Result
) rethrows -> Result {
    guard ct_is_recording() else { return try work() }
    ct_recording_pause(true)
    let wereAllowed = NativeOperations.areAllowed
    NativeOperations.areAllowed = true
    defer {
        ct_recording_pause(false)
        NativeOperations.areAllowed = wereAllowed
    }
    let inputs = inputs()
    let result = try work()
    guard let text = try? JSONEncoder().encode(arguments()) else { fatalError("\(name): arguments without a text") }
    withHandles(inputs) { inputs, inputCount in
        withHandles(outputs(result)) { outputs, outputCount in
            check(
                ct_recording_note(
                    "vertebra::\(name)", String(decoding: text, as: UTF8.self), inputs, inputCount, outputs, outputCount
                ),
                "record")
        }
    }
    return result
}
