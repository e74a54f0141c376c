import Foundation
import Tensors

/// What one case of a benchmark came to.
package struct BenchmarkResult: Encodable, Sendable {
    package let name: String
    package let threads: Int
    /// Images, boxes or files that one run takes.
    package let batch: Int
    package let runs: Int
    package let median: Double
    package let min: Double
    package let max: Double
    /// Most memory that the process held during the case, mebibytes.
    package let peakMemory: Int?
    /// Numbers that only this case has.
    package let details: [String: Double]

    /// One line of JSON, keys as the peers' scripts write them; times in milliseconds.
    package var line: String {
        func number(_ value: Double) -> String { String(format: "%.4f", value) }
        var fields = [
            "\"case\": \(quoted(name))", "\"threads\": \(threads)", "\"batch\": \(batch)", "\"runs\": \(runs)",
            "\"median_ms\": \(number(median))", "\"min_ms\": \(number(min))", "\"max_ms\": \(number(max))",
        ]
        if let peakMemory { fields.append("\"peak_MiB\": \(peakMemory)") }
        fields += details.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \($0.value)" }
        return "{" + fields.joined(separator: ", ") + "}"
    }

    /// One line for a person.
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

/// The cases of a suite, one after the other.
package struct Benchmark {
    package enum Suite: String, CaseIterable, Sendable {
        /// Detection operations, backbones and detectors: `ops.py`'s cases.
        case operations
        /// Training steps of named networks: `train_step.py`'s case.
        case backbones
        /// Inference of named networks: `inference.py`'s cases.
        case inference
        /// COCO's evaluation of two files: `coco_eval.py`'s case.
        case coco
        /// JPEG decoding and resizing: `media.py`'s cases.
        case jpeg
        /// SSD300 on named networks, inference and training: `tools/peers/ssd300.py`'s cases.
        case ssd
        /// SSD300's training images: `tools/peers/ssd_data.py`'s case.
        case ssdData = "ssd-data"
        /// Clips of a video for training and for testing: `tools/peers/clips.py`'s cases.
        case clips
        /// A device's results beside the CPU's, and its speed: `tools/peers/device.py`'s cases.
        case device
    }

    /// What some suites work on.
    package struct Inputs: Sendable {
        /// COCO's instances and results.
        package var annotations: String?
        package var results: String?
        /// A folder of JPEG files: any, or those of the instances.
        package var images: String?
        package var video: String?
        /// Names of networks, and how many images a step takes.
        package var models: [String]
        package var batch: Int
        /// Rounds of one step of each network; nil: one network after the other.
        package var rounds: Int?
        /// What the suite `device` looks at.
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

    /// A suite lacks the files that it works on.
    package struct MissingInput: Error, CustomStringConvertible {
        package let description: String
    }

    /// Only cases whose name contains this.
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

    /// One case: `body` runs `warmUp` times unmeasured, then `runs` times.
    ///
    /// - Parameter perRun: things that one run does, by which times are divided.
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

    /// A case that is not timed: its numbers alone.
    func reportNumbers(_ name: String, _ numbers: [String: Double]) {
        report(name, batch: 1, threads: Threads.count, [0], details: numbers)
    }

    /// Several cases, a run of each in turn, so that a machine whose speed drifts is the same to all of them. Each result
    /// has the median of its ratios to the first case's run of the same round; the peak memory is that of all together.
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

/// The process's memory as the kernel counts it.
package enum ProcessMemory {
    /// Most resident memory since the last reset, mebibytes; nil where the kernel does not say.
    package static func peak() -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 / 1024 }
    }

    /// Starts the peak anew; without effect where the kernel does not let us.
    package static func resetPeak() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }
}
