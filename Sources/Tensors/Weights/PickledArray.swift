import Foundation

/// A numpy element type as a pickle describes it.
struct PickledArrayType {
    /// numpy's code, such as "f4".
    var code: String
    var isBigEndian = false

    /// nil for a type that tensors don't have.
    var dtype: DType? { Self.dtypes[code] }

    private static let dtypes: [String: DType] = [
        "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
        "u1": .uint8, "b1": .bool,
    ]
}

extension PickleHeap {
    /// The numpy array of a type, a shape and bytes in C's or Fortran's order.
    ///
    /// - Returns: the tensor's place; nil where tensors don't have the type.
    /// - Throws: `PTHFault` where the bytes are not as many as the shape needs.
    mutating func tensor(
        ofArrayType type: PickledArrayType, shape: [Int], bytes: Data, isFortranOrder: Bool, at start: Int
    ) throws -> Int? {
        guard let dtype = type.dtype else { return nil }
        guard !type.isBigEndian || dtype.size == 1 else {
            throw PTHFault.foreign(at: start, "it was written on a machine with the other byte order")
        }
        var strides = [Int](repeating: 1, count: shape.count)
        var count = 1
        for axis in isFortranOrder ? Array(shape.indices) : shape.indices.reversed() {
            strides[axis] = count
            let (product, isTooLarge) = count.multipliedReportingOverflow(by: shape[axis])
            guard shape[axis] >= 0, !isTooLarge else {
                throw PTHFault.damaged(at: start, "a numpy array has the shape \(shape)")
            }
            count = product
        }
        guard bytes.count % dtype.size == 0, bytes.count / dtype.size == count else {
            throw PTHFault.damaged(at: start, "a numpy array of shape \(shape) has \(bytes.count) bytes")
        }
        let place = storages.count
        _ = storage(PickledStorage(key: "array \(place)", dtype: dtype, count: count, bytes: bytes))
        guard case .tensor(let tensor)? = tensor(.init(storage: place, offset: 0, shape: shape, strides: strides))
        else { throw PTHFault.damaged(at: start, "a numpy array has the shape \(shape)") }
        return tensor
    }

    /// The bytes of a value: Python 2 wrote bytes that happen to be text as text.
    func bytes(_ value: PickledValue) -> Data? {
        switch value {
        case .bytes(let bytes): bytes
        case .text(let text): Data(text.utf8)
        default: nil
        }
    }

    func isTrue(_ value: PickledValue) -> Bool {
        switch value {
        case .bool(let value): value
        case .integer(let value): value != 0
        default: false
        }
    }
}
