import CTorch
import Support

/// libtorch's message for the calling thread's last failure, on one line.
package func lastEngineMessage() -> String {
    let message = String(cString: ct_last_error())
    return message.split(separator: "\n").first.map(String.init) ?? message
}

/// Traps with the operation, every operand's shape and libtorch's message if the status is that of a failed call. Within
/// ``throwingOutOfMemory(_:)``, a want of memory ends the work instead.
package func check(
    _ status: ct_status, _ operation: StaticString, _ operands: @autoclosure () -> [Tensor] = [],
    file: StaticString = #fileID, line: UInt = #line
) {
    guard status != 0 else { return }
    let message = lastEngineMessage()
    let shapes = operands().map(\.signature)
    let list = shapes.isEmpty ? "" : " of " + shapes.joined(separator: ", ")
    if status == CT_OUT_OF_MEMORY { endForWantOfMemory(operation: "\(operation)\(list)", reason: message) }
    fatalError("\(operation)\(list): \(message)", file: file, line: line)
}

/// Makes the tensor that a call of the C ABI returns; traps with the operation and the operands where the call fails.
package func produce(
    _ operation: StaticString, _ operands: @autoclosure () -> [Tensor],
    _ call: (UnsafeMutablePointer<OpaquePointer?>) -> ct_status
) -> Tensor {
    var out: OpaquePointer?
    check(call(&out), operation, operands())
    guard let out else { fatalError("\(operation): the engine returned no tensor") }
    return Tensor(owning: out)
}

/// Makes the two tensors that a call of the C ABI returns; traps with the operation and the operands where the call
/// fails.
package func producePair(
    _ operation: StaticString, _ operands: @autoclosure () -> [Tensor],
    _ call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> ct_status
) -> (Tensor, Tensor) {
    var first: OpaquePointer?
    var second: OpaquePointer?
    check(call(&first, &second), operation, operands())
    guard let first, let second else { fatalError("\(operation): the engine returned no tensor") }
    return (Tensor(owning: first), Tensor(owning: second))
}

/// Lends sizes to a call, with their number.
package func withSizes<R>(_ sizes: [Int], _ body: (UnsafePointer<Int64>?, Int32) -> R) -> R {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(sizes.count, 1)) { buffer in
        for (i, size) in sizes.enumerated() { buffer[i] = Int64(size) }
        return body(UnsafePointer(buffer.baseAddress), Int32(sizes.count))
    }
}

/// Lends the tensors' handles to a call, with their number, and keeps the tensors alive until it returns.
package func withHandles<R>(_ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer?>?, Int32) -> R) -> R {
    withHandles(tensors.map(Optional.some), body)
}

/// Lends the tensors' handles to a call, null for those that are nil, and keeps the tensors alive until it returns.
package func withHandles<R>(_ tensors: [Tensor?], _ body: (UnsafePointer<OpaquePointer?>?, Int32) -> R) -> R {
    withExtendedLifetime(tensors) {
        withUnsafeTemporaryAllocation(of: OpaquePointer?.self, capacity: max(tensors.count, 1)) { buffer in
            for (i, tensor) in tensors.enumerated() { buffer[i] = tensor?.raw }
            return body(UnsafePointer(buffer.baseAddress), Int32(tensors.count))
        }
    }
}

/// Lends a bound to a call: its address, or null where there is none.
package func withOptionalBound<R>(_ value: Double?, _ body: (UnsafePointer<Double>?) -> R) -> R {
    guard let value else { return body(nil) }
    return withUnsafePointer(to: value) { body($0) }
}

extension ct_scalar {
    package init(_ value: Double) { self.init(real: value, integer: 0, is_integer: false) }
    package init(_ value: Int) { self.init(real: 0, integer: Int64(value), is_integer: true) }
}
