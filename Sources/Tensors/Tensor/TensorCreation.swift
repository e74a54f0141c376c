import CTorch

/// A Swift type whose values a tensor can be made from and read as.
public protocol TensorScalar: Sendable {
    static var dtype: DType { get }
    /// The type as it lies in a tensor's memory.
    associatedtype Stored: Sendable
    init(stored: Stored)
    var stored: Stored { get }
}

extension TensorScalar where Stored == Self {
    /// The number that an element holds.
    public init(stored: Self) { self = stored }
    /// The number as an element holds it.
    public var stored: Self { self }
}

extension Float: TensorScalar { public static var dtype: DType { .float32 } }
extension Double: TensorScalar { public static var dtype: DType { .float64 } }
extension UInt8: TensorScalar { public static var dtype: DType { .uint8 } }
extension Int32: TensorScalar { public static var dtype: DType { .int32 } }
extension Int64: TensorScalar { public static var dtype: DType { .int64 } }
extension Bool: TensorScalar { public static var dtype: DType { .bool } }
extension Int: TensorScalar {
    /// Kind of the elements that hold it.
    public static var dtype: DType { .int64 }
    /// The number that an element holds.
    public init(stored: Int64) { self = Int(stored) }
    /// The number as an element holds it.
    public var stored: Int64 { Int64(self) }
}

extension Tensor {
    /// The values, row-major, in the given shape; without a shape, one axis.
    public init<T: TensorScalar>(_ values: [T], shape: [Int]? = nil, device: Device = .cpu) {
        let shape = shape ?? [values.count]
        precondition(
            shape.reduce(1, *) == values.count, "Tensor: \(values.count) values don't fill the shape \(shape)")
        func tensor(_ bytes: UnsafeRawBufferPointer) -> Tensor {
            Tensor(bytes: bytes, shape: shape, dtype: T.dtype, device: device)
        }
        // Most types are stored as they are, and a generic conversion of every element takes longer than the copy.
        self =
            T.self == T.Stored.self
            ? values.withUnsafeBytes(tensor) : values.map { $0.stored }.withUnsafeBytes(tensor)
    }

    /// A tensor without axes.
    public init(_ scalar: Double, dtype: DType = .float32, device: Device = .cpu) {
        self = .full([], scalar, dtype: dtype, device: device)
    }

    /// A copy of memory that holds the elements row-major, in the machine's byte order.
    public init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu) {
        let needed = shape.reduce(1, *) * dtype.size
        precondition(
            bytes.count == needed, "Tensor: \(bytes.count) bytes don't fill \(shape) of \(dtype), which takes \(needed)"
        )
        self = produce("Tensor", []) { out in
            withSizes(shape) { ct_from_bytes(bytes.baseAddress, $0, $1, dtype.code, device.code, out) }
        }
    }

    /// A tensor on the CPU over memory that `owner` keeps alive, without a copy.
    public init(borrowing bytes: UnsafeMutableRawPointer, owner: AnyObject, shape: [Int], dtype: DType) {
        let context = Unmanaged.passRetained(owner).toOpaque()
        self = produce("Tensor", []) { out in
            withSizes(shape) { sizes, rank in
                ct_from_borrowed(
                    bytes, sizes, rank, dtype.code,
                    { if let owner = $0 { Unmanaged<AnyObject>.fromOpaque(owner).release() } }, context, out)
            }
        }
    }

    /// Elements without a defined value.
    public static func empty(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, memoryFormat: MemoryFormat = .contiguous
    ) -> Tensor {
        produce("empty", []) { out in
            withSizes(shape) { ct_empty($0, $1, dtype.code, device.code, memoryFormat.code, out) }
        }
    }

    /// A tensor of one value.
    public static func full(_ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("full", []) { out in
            withSizes(shape) { ct_full($0, $1, ct_scalar(value), dtype.code, device.code, out) }
        }
    }

    /// A tensor of zeros.
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, memoryFormat: MemoryFormat = .contiguous
    ) -> Tensor {
        let tensor = empty(shape, dtype: dtype, device: device, memoryFormat: memoryFormat)
        tensor.zeroInPlace()
        return tensor
    }

    /// A tensor of ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 1, dtype: dtype, device: device)
    }

    /// `start`, `start + step`, … up to but without `end`.
    public static func arange(
        _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        produce("arange", []) { out in
            ct_arange(ct_scalar(start), ct_scalar(end), ct_scalar(step), dtype.code, device.code, out)
        }
    }

    /// The identity matrix `[size, size]`.
    public static func eye(_ size: Int, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("eye", []) { ct_eye(Int64(size), dtype.code, device.code, $0) }
    }

    /// Uniform in [0, 1).
    public static func rand(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("rand", []) { out in withSizes(shape) { ct_rand($0, $1, dtype.code, device.code, out) } }
    }

    /// Normal with mean 0 and variance 1.
    public static func randn(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("randn", []) { out in withSizes(shape) { ct_randn($0, $1, dtype.code, device.code, out) } }
    }

    /// Integers (int64), uniform in `low..<high`.
    public static func randint(_ low: Int, _ high: Int, _ shape: [Int], device: Device = .cpu) -> Tensor {
        produce("randint", []) { out in
            withSizes(shape) { ct_randint(Int64(low), Int64(high), $0, $1, device.code, out) }
        }
    }

    /// A random order of `0..<count` (int64).
    public static func randperm(_ count: Int, device: Device = .cpu) -> Tensor {
        produce("randperm", []) { ct_randperm(Int64(count), device.code, $0) }
    }

    /// A tensor of zeros.
    public static func zerosLike(_ x: Tensor) -> Tensor { produce("zerosLike", [x]) { ct_zeros_like(x.raw, $0) } }
    /// A tensor of ones.
    public static func onesLike(_ x: Tensor) -> Tensor { produce("onesLike", [x]) { ct_ones_like(x.raw, $0) } }
    /// A tensor of the shape, kind and layout of `x` whose elements are arbitrary.
    public static func emptyLike(_ x: Tensor) -> Tensor { produce("emptyLike", [x]) { ct_empty_like(x.raw, $0) } }
}

extension Tensor {
    /// The elements, row-major, converted to `T` and brought to the CPU.
    public func array<T: TensorScalar>(_: T.Type = T.self) -> [T] {
        let count = count
        let stored = [T.Stored](unsafeUninitializedCapacity: count) { buffer, filled in
            check(ct_copy_out(raw, T.dtype.code, buffer.baseAddress, Int64(count)), "array", [self])
            filled = count
        }
        return stored as? [T] ?? stored.map { T(stored: $0) }
    }

    /// The only element of a tensor.
    public func item() -> Double {
        var value = 0.0
        check(ct_item(raw, &value), "item", [self])
        return value
    }

    /// The only element of a tensor, as an integer.
    public func itemInt() -> Int {
        var value: Int64 = 0
        check(ct_item_int(raw, &value), "itemInt", [self])
        return Int(value)
    }

    /// The elements' memory, in the tensor's own strides, for the length of `body`. CPU tensors only.
    public func withUnsafeMutableElements<R>(_ body: (UnsafeMutableRawPointer) throws -> R) rethrows -> R {
        var pointer: UnsafeMutableRawPointer?
        check(ct_data_pointer(raw, &pointer), "withUnsafeMutableElements", [self])
        defer { withExtendedLifetime(self) {} }
        // An empty tensor has no memory of its own.
        return try body(pointer ?? UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped)
    }

    /// The elements as another kind; this tensor itself where they are of it.
    public func to(_ dtype: DType) -> Tensor { produce("to(dtype)", [self]) { ct_to_dtype(raw, dtype.code, $0) } }
    /// The elements on another device; this tensor itself where they are there.
    public func to(_ device: Device) -> Tensor {
        produce("to(device)", [self]) { ct_to_device(raw, device.code, $0) }
    }
    /// The elements in another order in memory; this tensor itself where they lie so.
    public func to(memoryFormat: MemoryFormat) -> Tensor {
        produce("to(memoryFormat)", [self]) { ct_to_format(raw, memoryFormat.code, $0) }
    }
    /// The elements in this order in memory, without gaps; this tensor itself where they lie so.
    public func contiguous(_ format: MemoryFormat = .contiguous) -> Tensor {
        produce("contiguous", [self]) { ct_contiguous(raw, format.code, $0) }
    }
    /// A copy with memory of its own.
    public func clone() -> Tensor { produce("clone", [self]) { ct_clone(raw, $0) } }
}
