import Foundation
import Support
import Tensors

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
        /// The networks and detectors of a folder of golden numbers, computed on a device.
        case golden
        /// A training step and inference of a network of each family, and of detectors, on a device and on the CPU.
        case parity
        /// The losses of ten training steps on a device in each precision, and on the CPU in float32.
        case curves
        /// A device's speed and memory: the cases of `tools/peers/device.py`.
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
        /// What the suite `backbones` computes a network in, float32 or bfloat16.
        package var precision: DType
        /// Number of rounds, each with one step of every network; nil runs one network after the other.
        package var rounds: Int?
        /// The device that the suites `golden`, `parity`, `curves` and `device` are about. The CPU is then compared by libtorch's
        /// operations, of which devices compute, with the CPU by this package's own.
        package var device: Device
        /// A folder laid out as `Tests/Golden`.
        package var golden: String?
        /// Whether those suites take small networks and few of them, so that they end in a minute on a CPU.
        package var isSmall: Bool
        /// Whether the suite `curves` is about this package's kernels on the CPU, in bfloat16, instead of a device.
        package var usesOwnKernels: Bool
        /// Whether steps of the suite `backbones` keep little memory, as `training.memory: lean` lets them.
        package var usesLeanMemory: Bool

        package init(
            annotations: String? = nil, results: String? = nil, images: String? = nil, video: String? = nil,
            models: [String] = ["resnet50"], batch: Int = 16, precision: DType = .float32,
            rounds: Int? = nil, device: Device = .cpu, golden: String? = nil, isSmall: Bool = false,
            usesOwnKernels: Bool = false, usesLeanMemory: Bool = false
        ) {
            self.annotations = annotations
            self.results = results
            self.images = images
            self.video = video
            self.models = models
            self.batch = batch
            self.precision = precision
            self.rounds = rounds
            self.device = device
            self.golden = golden
            self.isSmall = isSmall
            self.usesOwnKernels = usesOwnKernels
            self.usesLeanMemory = usesLeanMemory
        }
    }

    /// The error that a suite lacks a file that it needs.
    package struct MissingInput: Error, CustomStringConvertible {
        package let description: String
    }

    /// Text that the names of the cases to run contain; nil runs all.
    package var filter: String?
    package let report: (BenchmarkResult) -> Void

    /// - Parameter usesTileUnit: whether convolutions may use the CPU's tile unit, if it has one and ``Instructions/used`` lets
    ///   them.
    package init(
        threads: Int = 2, usesTileUnit: Bool = true, filter: String? = nil,
        report: @escaping (BenchmarkResult) -> Void
    ) {
        Threads.count = threads
        if !usesTileUnit { Instructions.used = min(Instructions.used, .avx512BFloat16) }
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
        case .golden: try runGolden(inputs)
        case .parity: try runParity(inputs)
        case .curves: try runCurves(inputs)
        case .device: try runDevice(inputs)
        }
    }

    /// Measures one case: `body` runs `warmUp` times unmeasured, then `runs` times.
    ///
    /// - Parameters:
    ///   - perRun: number of items in one run, by which times are divided.
    ///   - device: whose memory is looked at beside the process's; `body` waits for it.
    package func measure(
        _ name: String, batch: Int = 1, warmUp: Int = 2, runs: Int = 7, perRun: Int = 1,
        threads: Int = Threads.count, device: Device = .cpu, details: () -> [String: Double] = { [:] },
        _ body: () throws -> Void
    ) rethrows {
        guard isWanted(name) else { return }
        ProcessMemory.resetPeak()
        device.resetPeakMemory()
        for _ in 0..<warmUp { try body() }
        var times: [Double] = []
        for _ in 0..<runs { times.append(try milliseconds(body) / Double(perRun)) }
        report(name, batch: batch, threads: threads, times, device: device, details: details())
    }

    /// What `body` computes, under autocast where the precision isn't float32.
    static func computing(in precision: DType, on device: Device = .cpu, _ body: () -> Tensor) -> Tensor {
        precision == .float32 ? body() : withAutocast(precision, device: device, body)
    }

    /// Whether the filter lets a case through.
    func isWanted(_ name: String) -> Bool { filter.map { name.localizedCaseInsensitiveContains($0) } ?? true }

    /// Reports a case that is not timed, with its numbers and what some of them must not exceed.
    func reportNumbers(_ name: String, _ numbers: [String: Double], limits: [String: Double] = [:]) {
        report(
            BenchmarkResult(
                name: name, threads: Threads.count, batch: 1, runs: 0, times: nil, peakMemory: nil,
                peakDeviceMemory: nil, details: numbers, limits: limits))
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
        _ name: String, batch: Int, threads: Int, _ times: [Double], device: Device = .cpu, details: [String: Double]
    ) {
        let sorted = times.sorted()
        report(
            BenchmarkResult(
                name: name, threads: threads, batch: batch, runs: sorted.count,
                times: .init(median: sorted[sorted.count / 2], min: sorted[0], max: sorted[sorted.count - 1]),
                peakMemory: ProcessMemory.peak(), peakDeviceMemory: device.peakMemory.map { $0 >> 20 },
                details: details, limits: [:]))
    }
}
