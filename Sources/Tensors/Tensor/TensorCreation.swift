import CTorch

/// A Swift type that a tensor can be made from and read as: `Float`, `Double`, `UInt8`, `Int32`, `Int64`, `Int`,
/// `Bool`.
public protocol TensorScalar: Sendable {
    /// Type of the elements that hold values of this type.
    static var dtype: DType { get }
    /// The type as it lies in a tensor's memory: `Int64` for `Int`, the type itself for the others.
    associatedtype Stored: Sendable
    /// The value that an element holds.
    init(stored: Stored)
    /// The value as an element holds it.
    var stored: Stored { get }
}

extension TensorScalar where Stored == Self {
    /// The value that an element holds: itself.
    public init(stored: Self) { self = stored }
    /// The value as an element holds it: itself.
    public var stored: Self { self }
}

extension Float: TensorScalar { public static var dtype: DType { .float32 } }
extension Double: TensorScalar { public static var dtype: DType { .float64 } }
extension UInt8: TensorScalar { public static var dtype: DType { .uint8 } }
extension Int32: TensorScalar { public static var dtype: DType { .int32 } }
extension Int64: TensorScalar { public static var dtype: DType { .int64 } }
extension Bool: TensorScalar { public static var dtype: DType { .bool } }
extension Int: TensorScalar {
    /// int64, which holds every `Int`.
    public static var dtype: DType { .int64 }
    /// The number that an element holds.
    public init(stored: Int64) { self = Int(stored) }
    /// The number as an element holds it.
    public var stored: Int64 { Int64(self) }
}

extension Tensor {
    /// A tensor of the given values, row-major; its type follows from theirs, float32 from `Float` and int64 from
    /// `Int`. Without a shape it has one axis. Traps where the shape has another number of elements.
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

    /// A tensor without axes that holds one number.
    public init(_ scalar: Double, dtype: DType = .float32, device: Device = .cpu) {
        self = .full([], scalar, dtype: dtype, device: device)
    }

    /// A tensor with a copy of memory that holds the elements row-major, in the machine's byte order. Traps where shape
    /// and type take another number of bytes.
    public init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu) {
        let needed = shape.reduce(1, *) * dtype.size
        precondition(
            bytes.count == needed, "Tensor: \(bytes.count) bytes don't fill \(shape) of \(dtype), which takes \(needed)"
        )
        self = produce("Tensor", []) { out in
            withSizes(shape) { ct_from_bytes(bytes.baseAddress, $0, $1, dtype.code, device.code, out) }
        }
    }

    /// A tensor on the CPU over memory that `owner` keeps alive, without a copy: what is written to the memory is seen
    /// in the tensor, and the other way round. The memory must hold the elements row-major, in the machine's byte
    /// order, and belong to `owner` as long as the tensor lives.
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

    /// A tensor whose elements have no defined value (`torch.empty`).
    public static func empty(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, memoryFormat: MemoryFormat = .contiguous
    ) -> Tensor {
        produce("empty", []) { out in
            withSizes(shape) { ct_empty($0, $1, dtype.code, device.code, memoryFormat.code, out) }
        }
    }

    /// A tensor whose elements are all one value (`torch.full`).
    public static func full(_ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("full", []) { out in
            withSizes(shape) { ct_full($0, $1, ct_scalar(value), dtype.code, device.code, out) }
        }
    }

    /// A tensor of zeros, false for bool (`torch.zeros`).
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, memoryFormat: MemoryFormat = .contiguous
    ) -> Tensor {
        let tensor = empty(shape, dtype: dtype, device: device, memoryFormat: memoryFormat)
        tensor.zeroInPlace()
        return tensor
    }

    /// A tensor of ones, true for bool (`torch.ones`).
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 1, dtype: dtype, device: device)
    }

    /// The numbers `start`, `start + step`, … up to but without `end`, along one axis (`torch.arange`).
    public static func arange(
        _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        produce("arange", []) { out in
            ct_arange(ct_scalar(start), ct_scalar(end), ct_scalar(step), dtype.code, device.code, out)
        }
    }

    /// The identity matrix `[size, size]` (`torch.eye`).
    public static func eye(_ size: Int, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("eye", []) { ct_eye(Int64(size), dtype.code, device.code, $0) }
    }

    /// Numbers drawn uniformly from 0..<1, from the device's generator (`torch.rand`, ``Random``).
    public static func rand(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("rand", []) { out in withSizes(shape) { ct_rand($0, $1, dtype.code, device.code, out) } }
    }

    /// Numbers drawn from a normal distribution of mean 0 and variance 1, from the device's generator (`torch.randn`,
    /// ``Random``).
    public static func randn(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        produce("randn", []) { out in withSizes(shape) { ct_randn($0, $1, dtype.code, device.code, out) } }
    }

    /// Integers, int64, drawn uniformly from `low..<high`, from the device's generator (`torch.randint`, ``Random``).
    public static func randint(_ low: Int, _ high: Int, _ shape: [Int], device: Device = .cpu) -> Tensor {
        produce("randint", []) { out in
            withSizes(shape) { ct_randint(Int64(low), Int64(high), $0, $1, device.code, out) }
        }
    }

    /// The integers `0..<count` in a random order, int64, from the device's generator (`torch.randperm`, ``Random``).
    public static func randperm(_ count: Int, device: Device = .cpu) -> Tensor {
        produce("randperm", []) { ct_randperm(Int64(count), device.code, $0) }
    }

    /// A tensor of zeros with the shape, type, device and layout of `x`.
    public static func zerosLike(_ x: Tensor) -> Tensor { produce("zerosLike", [x]) { ct_zeros_like(x.raw, $0) } }
    /// A tensor of ones with the shape, type, device and layout of `x`.
    public static func onesLike(_ x: Tensor) -> Tensor { produce("onesLike", [x]) { ct_ones_like(x.raw, $0) } }
}

extension Tensor {
    /// The elements as a Swift array, row-major, converted to `T`; from a CUDA device they are copied, which waits for
    /// it.
    public func array<T: TensorScalar>(_: T.Type = T.self) -> [T] {
        let count = count
        let stored = [T.Stored](unsafeUninitializedCapacity: count) { buffer, filled in
            check(ct_copy_out(raw, T.dtype.code, buffer.baseAddress, Int64(count)), "array", [self])
            filled = count
        }
        return stored as? [T] ?? stored.map { T(stored: $0) }
    }

    /// The only element of a tensor; one of several elements, or of none, traps.
    public func item() -> Double {
        var value = 0.0
        check(ct_item(raw, &value), "item", [self])
        return value
    }

    /// The only element of a tensor as an integer, without its fraction; one of several elements, or of none, traps.
    public func itemInt() -> Int {
        var value: Int64 = 0
        check(ct_item_int(raw, &value), "itemInt", [self])
        return Int(value)
    }

    /// Calls `body` with the address of the first element; the others lie by the tensor's own ``strides``. The address
    /// is good until `body` returns. Autograd doesn't see what is written there. CPU tensors only: others trap.
    public func withUnsafeMutableElements<R>(_ body: (UnsafeMutableRawPointer) throws -> R) rethrows -> R {
        var pointer: UnsafeMutableRawPointer?
        check(ct_data_pointer(raw, &pointer), "withUnsafeMutableElements", [self])
        defer { withExtendedLifetime(self) {} }
        // An empty tensor has no memory of its own.
        return try body(pointer ?? UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped)
    }

    /// The elements converted to another type, or this tensor itself where they are of it. The gradient comes back in
    /// this tensor's type.
    public func to(_ dtype: DType) -> Tensor { produce("to(dtype)", [self]) { ct_to_dtype(raw, dtype.code, $0) } }
    /// The elements on another device, or this tensor itself where they are there. The gradient comes back to this
    /// device.
    public func to(_ device: Device) -> Tensor {
        produce("to(device)", [self]) { ct_to_device(raw, device.code, $0) }
    }
    /// The tensors on a device. Those of the CPU go there in one copy, from pinned memory: neither the host waits for it, nor
    /// what the device computes meanwhile, and they may change at once. No gradient comes back through that copy.
    public static func upload(_ tensors: [Tensor], to device: Device) -> [Tensor] {
        let travellers = tensors.indices.filter { device != .cpu && tensors[$0].device == .cpu }
        guard !travellers.isEmpty else { return tensors.map { $0.to(device) } }
        let host = travellers.map { tensors[$0] }
        var handles = [OpaquePointer?](repeating: nil, count: host.count)
        check(withHandles(host) { ct_upload($0, $1, device.code, &handles) }, "upload", host)
        var there: [Int: Tensor] = [:]
        for (place, handle) in zip(travellers, handles) {
            guard let handle else { fatalError("upload: the engine returned no tensor") }
            there[place] = Tensor(owning: handle)
        }
        return tensors.indices.map { there.removeValue(forKey: $0) ?? tensors[$0].to(device) }
    }
    /// The elements in another order in memory, or this tensor itself where they lie so; shape and values stay.
    public func to(memoryFormat: MemoryFormat) -> Tensor {
        produce("to(memoryFormat)", [self]) { ct_to_format(raw, memoryFormat.code, $0) }
    }
    /// The elements in this order in memory, without gaps, or this tensor itself where they lie so; shape and values
    /// stay.
    public func contiguous(_ format: MemoryFormat = .contiguous) -> Tensor {
        produce("contiguous", [self]) { ct_contiguous(raw, format.code, $0) }
    }
    /// A copy with memory of its own; the gradient flows on to this tensor.
    public func clone() -> Tensor { produce("clone", [self]) { ct_clone(raw, $0) } }
}
