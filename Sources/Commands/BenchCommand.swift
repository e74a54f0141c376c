import ArgumentParser
import Foundation
import ScoreCommands
import Support

package struct BenchCommand: EngineCommand {
    /// The names of `Benchmark.Suite`.
    package enum Suite: String, CaseIterable, Sendable, ExpressibleByArgument {
        case operations, backbones, inference, coco, jpeg, ssd
        case ssdData = "ssd-data"
        case clips, golden, parity, curves, device
    }

    /// What training steps are computed in.
    package enum Precision: String, CaseIterable, Sendable, ExpressibleByArgument {
        case float32, bfloat16
    }

    package static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure speed and memory; tools/bench runs this in a release build.")

    @Argument(
        help: "Suites: \(Suite.allCases.map(\.rawValue).joined(separator: ", ")). Default: operations.")
    package var suites: [Suite] = []
    @Option(help: "Threads to compute with. Default: 2, or with --against those of the file.") package var threads: Int?
    @Option(help: "Only cases whose name contains this.") package var filter: String?
    @Option(help: "Suites coco and ssd-data: the instances JSON.") package var annotations: String?
    @Option(help: "Suite coco: the results JSON.") package var results: String?
    @Option(help: "Suites jpeg and ssd-data: a folder of .jpg files.") package var images: String?
    @Option(help: "Suite clips: a video of 64 frames or more.") package var video: String?
    @Option(
        parsing: .upToNextOption,
        help: """
            Suites backbones, inference, ssd and device: models, also with changed axes as in resnet50:shortcut=dense.
            """)
    package var models = [
        "resnet50"
    ]
    @Option(help: "Suites backbones, inference and device: images in a step.") package var batch = 16
    @Option(
        help: """
            Suite backbones: this many rounds of one step of each model, with the ratios to the first model. With --peers: \
            rounds of all cases; default 5.
            """)
    package var rounds: Int?
    @Option(help: "Suite backbones: what networks are computed in, float32 or bfloat16.")
    package var precision = Precision.float32
    @OptionGroup package var device: DeviceOption
    @Option(help: "Suite golden: a folder of golden numbers, such as Tests/Golden.") package var golden: String?
    @Flag(help: "Suites golden, parity, curves and device: small networks, and few of them, for a try on a CPU.")
    package var small = false
    @Flag(help: "Suite curves: compare bfloat16 with float32 on the CPU, both by the kernels that trainings use there.")
    package var ownKernels = false
    @Flag(help: "Suite backbones: keep less memory, as with training.memory: lean.") package var leanMemory = false
    @Flag(help: "Compute convolutions as on a CPU without a tile unit (AMX).") package var withoutTileUnit = false
    @Flag(
        help: "Compute norms and sums on a GPU by libtorch's operations alone, as where its kernels can't be compiled.")
    package var withoutDeviceKernels = false
    @OptionGroup(title: "Other programs") package var peers: PeerOptions
    @Flag(help: "Print a JSON line for each case.") package var json = false

    package func validate() throws {
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

    package init() {}
}
