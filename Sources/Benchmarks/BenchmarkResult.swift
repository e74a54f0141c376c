import Foundation

/// The times and other numbers of one benchmark case.
package struct BenchmarkResult: Sendable {
    /// How long the runs of a case took, in milliseconds.
    package struct Times: Sendable {
        package let median: Double
        package let min: Double
        package let max: Double
    }

    package let name: String
    package let threads: Int
    /// Number of images, boxes or files in one run.
    package let batch: Int
    package let runs: Int
    /// Nil for a case that is not timed.
    package let times: Times?
    /// Peak memory of the process during the case, in mebibytes.
    package let peakMemory: Int?
    /// Peak of what tensors took of a device's memory during the case, in mebibytes; nil on the CPU.
    package let peakDeviceMemory: Int?
    /// Further numbers of this case by name.
    package let details: [String: Double]
    /// What some of the numbers must not exceed. A case with limits is passed or failed.
    package let limits: [String: Double]

    package init(
        name: String, threads: Int, batch: Int, runs: Int, times: Times?, peakMemory: Int?, peakDeviceMemory: Int?,
        details: [String: Double], limits: [String: Double]
    ) {
        (self.name, self.threads, self.batch, self.runs, self.times) = (name, threads, batch, runs, times)
        (self.peakMemory, self.peakDeviceMemory) = (peakMemory, peakDeviceMemory)
        (self.details, self.limits) = (details, limits)
    }

    /// The names of numbers above their limits, and of those that are missing or no numbers; sorted.
    package var exceeded: [String] {
        limits.filter { key, limit in !(details[key].map { $0 <= limit } ?? false) }.keys.sorted()
    }

    /// One line of JSON with the keys that the scripts in `tools/peers` write; times in milliseconds.
    package var line: String {
        var fields = [
            "\"case\": \(quoted(name))", "\"threads\": \(threads)", "\"batch\": \(batch)", "\"runs\": \(runs)",
        ]
        if let times {
            fields += [("median_ms", times.median), ("min_ms", times.min), ("max_ms", times.max)].map {
                "\"\($0)\": \(String(format: "%.4f", $1))"
            }
            if let peakMemory { fields.append("\"peak_MiB\": \(peakMemory)") }
            if let peakDeviceMemory { fields.append("\"peak_device_MiB\": \(peakDeviceMemory)") }
        }
        fields += self.fields(details)
        if !limits.isEmpty {
            fields.append("\"limits\": {\(self.fields(limits).joined(separator: ", "))}")
            fields.append("\"passed\": \(exceeded.isEmpty)")
        }
        return "{" + fields.joined(separator: ", ") + "}"
    }

    /// The result in one line for a person.
    package var text: String {
        guard let times else {
            let numbers = details.sorted { $0.key < $1.key }.map { key, value in
                "\(key) \(String(format: "%.3g", value))"
                    + (limits[key].map { String(format: exceeded.contains(key) ? " above %g" : " of %g", $0) } ?? "")
            }
            return "\(name): " + (limits.isEmpty ? "" : exceeded.isEmpty ? "passed, " : "FAILED, ")
                + numbers.joined(separator: ", ")
        }
        func milliseconds(_ value: Double) -> String { String(format: value < 10 ? "%.3f" : "%.1f", value) }
        return "\(name): \(milliseconds(times.median)) ms (\(milliseconds(times.min)) to \(milliseconds(times.max)), "
            + "\(runs) runs, \(threads) threads\(peakMemory.map { ", peak \($0) MiB" } ?? "")"
            + "\(peakDeviceMemory.map { ", \($0) MiB of the device" } ?? ""))"
    }

    /// JSON has no word for what is not finite.
    private func fields(_ numbers: [String: Double]) -> [String] {
        numbers.sorted { $0.key < $1.key }.map {
            "\(quoted($0.key)): \($0.value.isFinite ? "\($0.value)" : "null")"
        }
    }

    private func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
