import CTorch

/// Levels of a CPU's instruction sets, each with all that the one before has. The engine's own kernels are made for them;
/// libtorch's take their place where there is none for a level.
public enum Instructions: String, CaseIterable, Comparable, Sendable {
    /// What every x86-64 has, and every other processor: convolutions are libtorch's.
    case baseline
    /// AVX2 with fused multiply-add: convolutions in float32.
    case avx2
    /// AVX-512 with its parts F, VL, DQ and BW: convolutions in float32.
    case avx512
    /// AVX-512 with its dot product of bfloat16 pairs: convolutions in float32 and bfloat16.
    case avx512BFloat16 = "avx512_bf16"
    /// The unit of some CPUs that multiplies tiles of bfloat16 matrices (Intel's AMX). Convolutions in bfloat16 use it, and
    /// those in float32 too: a float32 is split into three bfloat16 pieces, whose products are summed without losing a
    /// digit.
    case amx

    /// The environment variable that names the highest level a process may use. libtorch, oneDNN and MKL keep to it too.
    public static let variable = "VERTEBRA_ISA"

    /// The highest level that kernels use. Setting it limits them from the next operation on, for tests and measurements; a
    /// level above that of the CPU has no effect.
    public static var used: Instructions {
        get { allCases[Int(ct_instructions())] }
        set { ct_limit_instructions(newValue.level) }
    }

    /// Runs `body` with kernels of at most a level, and lets the limit be what it was afterwards.
    package static func limited<R>(to level: Instructions, _ body: () throws -> R) rethrows -> R {
        let before = used
        used = min(before, level)
        defer { used = before }
        return try body()
    }

    /// The highest level that this CPU has.
    public static var present: Instructions { allCases[Int(ct_present_instructions())] }

    public static func < (a: Instructions, b: Instructions) -> Bool { a.level < b.level }

    private var level: Int32 { Int32(Self.allCases.firstIndex(of: self) ?? 0) }

    /// Names that are no level are an error; nil and the empty text are no limit.
    ///
    /// - Parameter text: what ``variable`` holds.
    public static func check(_ text: String?) throws {
        guard let text, !text.isEmpty, Instructions(rawValue: text) == nil else { return }
        throw UnknownInstructions(text: text)
    }

    /// The error that ``variable`` holds a text that names no level.
    public struct UnknownInstructions: Error, CustomStringConvertible {
        let text: String
        public var description: String {
            let names = Instructions.allCases.map(\.rawValue).joined(separator: ", ")
            return "\(Instructions.variable) is \(text); it can be one of \(names)"
        }
    }
}
