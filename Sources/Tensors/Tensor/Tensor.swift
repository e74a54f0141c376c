import CTorch

/// The owner of one libtorch handle: releases it with the last `Tensor` value that shares it.
final class TensorHandle {
    let raw: OpaquePointer
    init(_ raw: OpaquePointer) { self.raw = raw }
    deinit { ct_tensor_release(raw) }
}

/// A multi-dimensional array of numbers on the CPU or a CUDA device: a `torch.Tensor`.
///
/// A value of this type is a reference: copies share the same elements, as in PyTorch, and the memory is given back
/// with the last of them. Operations return new tensors or views; the few that write into one are named `…InPlace`.
///
/// Gradients flow through every operation that has one in PyTorch, as long as recording is on (``isGradEnabled``) and
/// an operand requires a gradient (``requiresGrad``). Axes count from 0, or from −1 backwards.
///
/// Wrong shapes, types or devices are mistakes of the program: they trap with the operation and every operand's shape.
public struct Tensor: @unchecked Sendable {
    let handle: TensorHandle

    /// The tensor of a handle, which it takes over and releases.
    package init(owning raw: OpaquePointer) { handle = TensorHandle(raw) }

    /// The handle, for calls of the C ABI. Valid while this value lives.
    package var raw: OpaquePointer { handle.raw }

    /// Number of axes; 0 for a scalar.
    public var rank: Int { Int(ct_rank(raw)) }
    /// Number of elements along each axis.
    public var shape: [Int] { readSizes(ct_shape) }
    /// For each axis, how many elements apart in memory two neighbours along it lie.
    public var strides: [Int] { readSizes(ct_strides) }
    /// Number of elements, the product of ``shape``.
    public var count: Int { Int(ct_count(raw)) }
    /// Type of the elements. Traps for a type that ``DType`` doesn't have, such as complex numbers.
    public var dtype: DType {
        guard let dtype = DType(code: ct_dtype_of(raw)) else {
            fatalError("Tensor: \(String(cString: ct_last_error()))")
        }
        return dtype
    }
    /// The device that the elements live on.
    public var device: Device { Device(code: ct_device_of(raw)) }
    /// Whether the elements lie row-major in memory, without gaps.
    public var isContiguous: Bool { ct_is_contiguous(raw, CT_CONTIGUOUS) }
    /// Whether the elements of `[N, C, H, W]` or `[N, C, T, H, W]` lie in memory with the channels innermost, without
    /// gaps; false for other ranks.
    public var isChannelsLast: Bool {
        switch rank {
        case 4: ct_is_contiguous(raw, CT_CHANNELS_LAST)
        case 5: ct_is_contiguous(raw, CT_CHANNELS_LAST_3D)
        default: false
        }
    }
    /// Whether both values refer to one and the same tensor; a view of it is another one.
    public func isSame(as other: Tensor) -> Bool { ct_is_same(raw, other.raw) }

    /// How many tensor handles are alive in this process. It stays the same over a loop that leaks nothing.
    public static var liveHandleCount: Int { Int(ct_live_handles()) }

    private func readSizes(_ read: (OpaquePointer?, UnsafeMutablePointer<Int64>?) -> Void) -> [Int] {
        let rank = rank
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: rank) { buffer in
            read(raw, buffer.baseAddress)
            return buffer.map { Int($0) }
        }
    }
}

/// Types of elements.
public enum DType: Hashable, Sendable, CaseIterable {
    /// An element type of PyTorch's, under its name there.
    case float32, float64, bfloat16, float16, uint8, int32, int64, bool, int8, int16

    /// The type as the C ABI has it.
    package var code: ct_dtype {
        switch self {
        case .float32: CT_FLOAT32
        case .float64: CT_FLOAT64
        case .bfloat16: CT_BFLOAT16
        case .float16: CT_FLOAT16
        case .uint8: CT_UINT8
        case .int32: CT_INT32
        case .int64: CT_INT64
        case .bool: CT_BOOL
        case .int8: CT_INT8
        case .int16: CT_INT16
        }
    }

    init?(code: Int32) {
        guard let dtype = Self.allCases.first(where: { $0.code.rawValue == code }) else { return nil }
        self = dtype
    }

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .bfloat16, .float16, .int16: 2
        case .uint8, .int8, .bool: 1
        }
    }

    /// Whether elements of this type are floating-point numbers, of any width.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .float64, .bfloat16, .float16: true
        case .uint8, .int8, .int16, .int32, .int64, .bool: false
        }
    }
}

/// The order of a tensor's elements in memory. It changes speed, never values or the meaning of axes.
public enum MemoryFormat: Hashable, Sendable {
    /// Row-major, without gaps: the last axis is innermost.
    case contiguous
    /// For `[N, C, H, W]`: row-major as if it were `[N, H, W, C]`.
    case channelsLast
    /// For `[N, C, T, H, W]`: row-major as if it were `[N, T, H, W, C]`.
    case channelsLast3D
    /// The order of the tensor that another is made from.
    case preserve

    /// The order as the C ABI has it.
    package var code: ct_memory_format {
        switch self {
        case .contiguous: CT_CONTIGUOUS
        case .channelsLast: CT_CHANNELS_LAST
        case .channelsLast3D: CT_CHANNELS_LAST_3D
        case .preserve: CT_PRESERVE
        }
    }
}

/// The threads that operations on the CPU are shared out to, libtorch's and this package's alike.
public enum Threads {
    /// How many threads there are. Setting it changes the whole process; a number below 1 traps.
    public static var count: Int {
        get { Int(ct_thread_count()) }
        set {
            precondition(newValue >= 1, "Threads.count: \(newValue) is not a number of threads")
            check(ct_set_thread_count(Int32(newValue)), "Threads.count")
        }
    }
}
