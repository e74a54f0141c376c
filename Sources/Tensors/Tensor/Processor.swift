import Foundation

/// A kind of CPU. What was measured on one says nothing of another.
package struct Processor: Codable, Hashable, Sendable, CustomStringConvertible {
    /// What the CPU calls itself.
    package let name: String
    /// Its family and model as the system numbers them; virtual machines give different CPUs one name. Nil if it has none.
    package let family: Int?
    package let model: Int?
    /// The widest vector instructions that libraries choose their kernels by.
    package let instructions: String

    package init(name: String, family: Int?, model: Int?, instructions: String) {
        (self.name, self.family, self.model, self.instructions) = (name, family, model, instructions)
    }

    /// The CPU that the text of `/proc/cpuinfo` describes.
    package init(cpuinfo: String) {
        var fields: [String: String] = [:]
        for line in cpuinfo.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2, fields[parts[0]] == nil { fields[parts[0]] = parts[1] }
        }
        let flags = Set((fields["flags"] ?? fields["Features"] ?? "").split(separator: " ").map(String.init))
        name = fields["model name"] ?? "CPU of an unknown name"
        family = fields["cpu family"].flatMap { Int($0) }
        model = fields["model"].flatMap { Int($0) }
        instructions = Self.levels.first { flags.isSuperset(of: $0.flags) }?.name ?? "no wide vectors"
    }

    private static let levels: [(name: String, flags: [String])] = [
        ("AMX", ["amx_tile", "amx_bf16"]),
        ("AVX-512 with bfloat16", ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_bf16"]),
        ("AVX-512", ["avx512f", "avx512bw", "avx512vl", "avx512dq"]),
        ("AVX2", ["avx2", "fma"]),
        ("SVE", ["sve"]),
        ("NEON", ["asimd"]),
    ]

    /// The CPU of this machine, with the limit on its instructions if there is one.
    package static var current: Processor {
        let found = Processor(cpuinfo: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")
        guard Instructions.used < Instructions.present else { return found }
        return Processor(
            name: found.name, family: found.family, model: found.model,
            instructions: "\(found.instructions), limited to \(Instructions.used.rawValue)")
    }

    /// Name, family, model and instructions.
    package var description: String {
        let numbers = [family.map { "family \($0)" }, model.map { "model \($0)" }].compactMap { $0 }
        return "\(name) (\((numbers + [instructions]).joined(separator: ", ")))"
    }
}
