import CTorch

/// The owner of one libtorch handle: releases it with the last `Tensor` value that shares it.
final class TensorHandle {
    let raw: OpaquePointer
    init(_ raw: OpaquePointer) { self.raw = raw }
    deinit { ct_tensor_release(raw) }
}

/// A multi-dimensional array of numbers on the CPU or a CUDA device.
///
/// A value of this type is a reference: copies share the same elements, as in PyTorch, and the memory is given back with
/// the last of them. Operations return new tensors; the few that change one are named `…InPlace`.
///
/// Wrong shapes, types or devices are mistakes of the program: they trap with the operation and every operand's shape.
public struct Tensor: @unchecked Sendable {
    let handle: TensorHandle

    package init(owning raw: OpaquePointer) { handle = TensorHandle(raw) }

    /// The handle, for calls of the C ABI. Valid while this value lives.
    package var raw: OpaquePointer { handle.raw }

    /// Number of axes.
    public var rank: Int { Int(ct_rank(raw)) }
    /// Number of elements along each axis.
    public var shape: [Int] { readSizes(ct_shape) }
    /// Elements to step over to move by one along each axis.
    public var strides: [Int] { readSizes(ct_strides) }
    /// Number of elements.
    public var count: Int { Int(ct_count(raw)) }
    /// Kind of the elements.
    public var dtype: DType {
        guard let dtype = DType(code: ct_dtype_of(raw)) else {
            fatalError("Tensor: \(String(cString: ct_last_error()))")
        }
        return dtype
    }
    /// Where the elements live.
    public var device: Device { Device(code: ct_device_of(raw)) }
    /// Whether the elements lie row-major, without gaps.
    public var isContiguous: Bool { ct_is_contiguous(raw, CT_CONTIGUOUS) }
    /// Whether the elements of `[N, C, H, W]` (or `[N, C, T, H, W]`) lie with the channels innermost, without gaps.
    public var isChannelsLast: Bool {
        switch rank {
        case 4: ct_is_contiguous(raw, CT_CHANNELS_LAST)
        case 5: ct_is_contiguous(raw, CT_CHANNELS_LAST_3D)
        default: false
        }
    }
    /// Whether both values refer to the very same tensor.
    public func isSame(as other: Tensor) -> Bool { ct_is_same(raw, other.raw) }

    /// Handles alive in this process: flat over a loop that leaks nothing.
    public static var liveHandleCount: Int { Int(ct_live_handles()) }

    private func readSizes(_ read: (OpaquePointer?, UnsafeMutablePointer<Int64>?) -> Void) -> [Int] {
        let rank = rank
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: rank) { buffer in
            read(raw, buffer.baseAddress)
            return buffer.map { Int($0) }
        }
    }
}

/// Kinds of elements.
public enum DType: Hashable, Sendable, CaseIterable {
    case float32, float64, bfloat16, float16, uint8, int32, int64, bool, int8, int16

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

    /// Whether the elements are floating-point numbers of any width.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .float64, .bfloat16, .float16: true
        case .uint8, .int8, .int16, .int32, .int64, .bool: false
        }
    }
}

/// Order of a tensor's elements in memory.
public enum MemoryFormat: Hashable, Sendable {
    /// Row-major, without gaps.
    case contiguous
    /// `[N, C, H, W]` with the channels innermost.
    case channelsLast
    /// `[N, C, T, H, W]` with the channels innermost.
    case channelsLast3D
    /// As the tensor that it is made from.
    case preserve

    package var code: ct_memory_format {
        switch self {
        case .contiguous: CT_CONTIGUOUS
        case .channelsLast: CT_CHANNELS_LAST
        case .channelsLast3D: CT_CHANNELS_LAST_3D
        case .preserve: CT_PRESERVE
        }
    }
}

/// Threads that libtorch's operations on the CPU use.
public enum Threads {
    /// How many; at least 1. Setting it changes the whole process.
    public static var count: Int {
        get { Int(ct_thread_count()) }
        set {
            precondition(newValue >= 1, "Threads.count: \(newValue) is not a number of threads")
            check(ct_set_thread_count(Int32(newValue)), "Threads.count")
        }
    }
}

/// The unit of a CPU that multiplies tiles of bfloat16 matrices (AMX). Convolutions use it in bfloat16 and, as sums of
/// products of three pieces of each number, in float32 with no digit lost.
public enum TileUnit {
    /// Whether this CPU has one and the system lets this process use it.
    public static var isPresent: Bool { ct_cpu_has_tile_unit() }

    /// Without it convolutions do as on CPUs that have none: for tests and for measuring. Weights that a
    /// ``FusedConvolution`` has laid out already stay as they are.
    public static var isUsed: Bool {
        get { ct_uses_tile_unit() }
        set { ct_allow_tile_unit(newValue) }
    }
}
