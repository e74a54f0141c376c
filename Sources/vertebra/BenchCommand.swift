import ArgumentParser
import Benchmarks
import Foundation
import ScoreCommands
import Support
import Tensors

extension Benchmark.Suite: ExpressibleByArgument {}

/// What training steps are computed in.
enum Precision: String, CaseIterable, ExpressibleByArgument {
    case float32, bfloat16

    var dtype: DType { self == .float32 ? .float32 : .bfloat16 }
}

struct BenchCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure speed and memory; tools/bench runs this in a release build.")

    @Argument(
        help: "Suites: \(Benchmark.Suite.allCases.map(\.rawValue).joined(separator: ", ")). Default: operations.")
    var suites: [Benchmark.Suite] = []
    @Option(help: "Threads to compute with. Default: 2, or with --against those of the file.") var threads: Int?
    @Option(help: "Only cases whose name contains this.") var filter: String?
    @Option(help: "Suites coco and ssd-data: the instances JSON.") var annotations: String?
    @Option(help: "Suite coco: the results JSON.") var results: String?
    @Option(help: "Suites jpeg and ssd-data: a folder of .jpg files.") var images: String?
    @Option(help: "Suite clips: a video of 64 frames or more.") var video: String?
    @Option(
        parsing: .upToNextOption,
        help: """
            Suites backbones, inference, ssd and device: models, also with changed axes as in resnet50:shortcut=dense.
            """)
    var models = [
        "resnet50"
    ]
    @Option(help: "Suites backbones, inference and device: images in a step.") var batch = 16
    @Option(
        help: """
            Suite backbones: this many rounds of one step of each model, with the ratios to the first model. With --peers: \
            rounds of all cases; default 5.
            """)
    var rounds: Int?
    @Option(help: "Suite backbones: what networks are computed in, float32 or bfloat16.")
    var precision = Precision.float32
    @OptionGroup var device: DeviceOption
    @Option(help: "Suite golden: a folder of golden numbers, such as Tests/Golden.") var golden: String?
    @Flag(help: "Suites golden, parity, curves and device: small networks, and few of them, for a try on a CPU.")
    var small = false
    @Flag(help: "Compute convolutions as on a CPU without a tile unit (AMX).") var withoutTileUnit = false
    @OptionGroup(title: "Other programs") var peers: PeerOptions
    @Flag(help: "Print a JSON line for each case.") var json = false

    func validate() throws {
        let threads = threads ?? 2
        guard (1...WorkerThreads.most).contains(threads), WorkerThreads.canStart(threads) else {
            throw ValidationError(
                "--threads is \(threads); it must be 1 to \(WorkerThreads.most), and no more than the system starts.")
        }
        guard batch > 0 else { throw ValidationError("--batch is \(batch); it must be above 0.") }
        if let rounds, rounds < 1 { throw ValidationError("--rounds is \(rounds); it must be above 0.") }
        guard peers.peers == nil || suites.isEmpty else {
            throw ValidationError(
                "--peers measures cases of its own; leave out \(suites[0].rawValue), or choose with --filter.")
        }
    }

    func work() throws {
        if let python = peers.peers {
            return try peers.work(python: python, threads: threads, rounds: rounds, filter: filter, json: json)
        }
        let json = json
        var failed: [BenchmarkResult] = []
        let benchmark = Benchmark(threads: threads ?? 2, usesTileUnit: !withoutTileUnit, filter: filter) { result in
            printToStandardOutput(json ? result.line : result.text)
            // Whoever waits for a line of a long run sees it at once, in a pipe too.
            fflush(nil)
            if !result.exceeded.isEmpty { failed.append(result) }
        }
        let inputs = Benchmark.Inputs(
            annotations: annotations, results: results, images: images, video: video, models: models,
            batch: batch, precision: precision.dtype, rounds: rounds, device: device.device, golden: golden,
            isSmall: small)
        for suite in suites.isEmpty ? [.operations] : suites { try benchmark.run(suite, inputs: inputs) }
        guard failed.isEmpty else {
            for result in failed {
                printToStandardError(
                    "vertebra: \(result.name): beyond its limits in \(result.exceeded.joined(separator: ", "))")
            }
            throw ExitCode.failure
        }
    }
}
