import Foundation
import Tensors

/// The times and other numbers of one benchmark case.
package struct BenchmarkResult: Encodable, Sendable {
    package let name: String
    package let threads: Int
    /// Number of images, boxes or files in one run.
    package let batch: Int
    package let runs: Int
    package let median: Double
    package let min: Double
    package let max: Double
    /// Peak memory of the process during the case, in mebibytes.
    package let peakMemory: Int?
    /// Further numbers of this case by name.
    package let details: [String: Double]

    /// One line of JSON with the keys that the scripts in `tools/peers` write; times in milliseconds.
    package var line: String {
        func number(_ value: Double) -> String { String(format: "%.4f", value) }
        var fields = [
            "\"case\": \(quoted(name))", "\"threads\": \(threads)", "\"batch\": \(batch)", "\"runs\": \(runs)",
            "\"median_ms\": \(number(median))", "\"min_ms\": \(number(min))", "\"max_ms\": \(number(max))",
        ]
        if let peakMemory { fields.append("\"peak_MiB\": \(peakMemory)") }
        // JSON has no word for what is not finite.
        fields += details.sorted { $0.key < $1.key }.map {
            "\(quoted($0.key)): \($0.value.isFinite ? "\($0.value)" : "null")"
        }
        return "{" + fields.joined(separator: ", ") + "}"
    }

    /// The result in one line for a person.
    package var text: String {
        func milliseconds(_ value: Double) -> String { String(format: value < 10 ? "%.3f" : "%.1f", value) }
        return "\(name): \(milliseconds(median)) ms (\(milliseconds(min)) to \(milliseconds(max)), \(runs) runs, "
            + "\(threads) threads\(peakMemory.map { ", peak \($0) MiB" } ?? ""))"
    }

    private func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

/// Runs the cases of a suite, one after the other.
package struct Benchmark {
    package enum Suite: String, CaseIterable, Sendable {
        /// Detection operations, backbones and detectors.
        case operations
        /// Training steps of named networks.
        case backbones
        /// Inference of named networks.
        case inference
        /// COCO's evaluation of two files.
        case coco
        /// JPEG decoding and resizing.
        case jpeg
        /// SSD300 on named networks, inference and training: the cases of `tools/peers/ssd300.py`.
        case ssd
        /// SSD300's training images: the case of `tools/peers/ssd_data.py`.
        case ssdData = "ssd-data"
        /// Clips of a video for training and testing: the cases of `tools/peers/clips.py`.
        case clips
        /// A device's results compared with the CPU's, and its speed: the cases of `tools/peers/device.py`.
        case device
    }

    /// The files and settings that some suites need.
    package struct Inputs: Sendable {
        /// COCO's instances JSON and results JSON.
        package var annotations: String?
        package var results: String?
        /// A folder of JPEG files, for the suite `ssdData` those of the instances.
        package var images: String?
        package var video: String?
        /// Names of networks, and the number of images in a step.
        package var models: [String]
        package var batch: Int
        /// Number of rounds, each with one step of every network; nil runs one network after the other.
        package var rounds: Int?
        /// The device that the suite `device` measures.
        package var device: Device

        package init(
            annotations: String? = nil, results: String? = nil, images: String? = nil, video: String? = nil,
            models: [String] = ["resnet50"], batch: Int = 16, rounds: Int? = nil,
            device: Device = .cpu
        ) {
            self.annotations = annotations
            self.results = results
            self.images = images
            self.video = video
            self.models = models
            self.batch = batch
            self.rounds = rounds
            self.device = device
        }
    }

    /// The error that a suite lacks a file that it needs.
    package struct MissingInput: Error, CustomStringConvertible {
        package let description: String
    }

    /// Text that the names of the cases to run contain; nil runs all.
    package var filter: String?
    package let report: (BenchmarkResult) -> Void

    /// - Parameter usesTileUnit: whether convolutions may use the CPU's tile unit, if it has one.
    package init(
        threads: Int = 2, usesTileUnit: Bool = true, filter: String? = nil,
        report: @escaping (BenchmarkResult) -> Void
    ) {
        Threads.count = threads
        TileUnit.isUsed = usesTileUnit
        self.filter = filter
        self.report = report
    }

    /// Runs a suite.
    package func run(_ suite: Suite, inputs: Inputs) throws {
        switch suite {
        case .operations: try runOperations()
        case .backbones: try runBackbones(inputs)
        case .inference: try runInference(inputs)
        case .coco: try runCOCO(inputs)
        case .jpeg: try runJPEG(inputs)
        case .ssd: try runSSD(inputs)
        case .ssdData: try runSSDData(inputs)
        case .clips: try runClips(inputs)
        case .device: try runDevice(inputs)
        }
    }

    /// Measures one case: `body` runs `warmUp` times unmeasured, then `runs` times.
    ///
    /// - Parameter perRun: number of items in one run, by which times are divided.
    package func measure(
        _ name: String, batch: Int = 1, warmUp: Int = 2, runs: Int = 7, perRun: Int = 1,
        threads: Int = Threads.count, details: () -> [String: Double] = { [:] }, _ body: () throws -> Void
    ) rethrows {
        guard isWanted(name) else { return }
        ProcessMemory.resetPeak()
        for _ in 0..<warmUp { try body() }
        var times: [Double] = []
        for _ in 0..<runs { times.append(try milliseconds(body) / Double(perRun)) }
        report(name, batch: batch, threads: threads, times, details: details())
    }

    /// Whether the filter lets a case through.
    func isWanted(_ name: String) -> Bool { filter.map { name.localizedCaseInsensitiveContains($0) } ?? true }

    /// Reports a case that is not timed, with its numbers.
    func reportNumbers(_ name: String, _ numbers: [String: Double]) {
        report(name, batch: 1, threads: Threads.count, [0], details: numbers)
    }

    /// Measures several cases, one run of each in turn, so that a drift in the machine's speed affects all alike. Each result
    /// has the median ratio to the first case's run of the same round; the peak memory is that of all cases together.
    package func measureInTurn(
        _ cases: [(name: String, body: () -> Void)], batch: Int, warmUp: Int, runs: Int
    ) {
        ProcessMemory.resetPeak()
        var times = [[Double]](repeating: [], count: cases.count)
        for run in 0..<(warmUp + runs) {
            for (index, one) in cases.enumerated() {
                let time = milliseconds(one.body)
                if run >= warmUp { times[index].append(time) }
            }
        }
        for (index, one) in cases.enumerated() {
            let ratios = zip(times[index], times[0]).map { $0 / $1 }.sorted()
            report(
                one.name, batch: batch, threads: Threads.count, times[index],
                details: ["ratio_to_first": ratios[ratios.count / 2]])
        }
    }

    private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
        let began = ContinuousClock.now
        try body()
        return (ContinuousClock.now - began) / .milliseconds(1)
    }

    private func report(
        _ name: String, batch: Int, threads: Int, _ times: [Double], details: [String: Double]
    ) {
        let sorted = times.sorted()
        report(
            BenchmarkResult(
                name: name, threads: threads, batch: batch, runs: sorted.count, median: sorted[sorted.count / 2],
                min: sorted[0], max: sorted[sorted.count - 1], peakMemory: ProcessMemory.peak(), details: details))
    }
}

/// The process's memory as counted by the kernel.
package enum ProcessMemory {
    /// Peak resident memory since the last reset, in mebibytes; nil if the kernel does not say.
    package static func peak() -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 / 1024 }
    }

    /// Resets the peak; no effect if the kernel does not allow it.
    package static func resetPeak() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }
}
