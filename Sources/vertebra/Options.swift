import ArgumentParser
import Media
import ScoreCommands
import Tensors
import Training
import Workflows

extension Device: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}

/// The option `--device cpu|cuda|cuda:1`.
struct DeviceOption: ParsableArguments {
    @Option(help: "The device: cpu, cuda, or one of several GPUs, as in cuda:1.") var device: Device = .cpu

    /// The libraries for CUDA are loaded when a device is first asked for, and only before anything is computed.
    func validate() { if device != .cpu { _ = Device.cudaCount } }

    /// The device of one of several processes: on a machine with several GPUs, each has its own.
    func share(_ processes: TrainingProcesses) -> Device {
        guard case .cuda = device else { return device }
        return .cuda(processes.localRank)
    }
}

extension DamagedImages: ExpressibleByArgument {}

/// The option `--damaged-images refuse|accept`.
struct DamagedImagesOption: ParsableArguments {
    @Option(
        help: """
            What to do with a JPEG that is damaged, but can be decoded: refuse or accept it; the same as --set \
            data.damaged_images=… Default: the recipe's, or else refuse.
            """)
    var damagedImages: DamagedImages?

    /// The option, if it was given, as a setting `key=value` of a recipe.
    var settings: [String] { damagedImages.map { ["data.damaged_images=\($0.rawValue)"] } ?? [] }
}

extension TrainingSection.Precision: ExpressibleByArgument {}

/// The option `--precision float32|bfloat16|float16`.
struct PrecisionOption: ParsableArguments {
    @Option(
        help: """
            The type of number in which convolutions and matrix products compute; the same as --set training.precision=… \
            Default: the recipe's, or else float32.
            """)
    var precision: TrainingSection.Precision?

    /// The option, if it was given, as a setting `key=value` of a recipe.
    var settings: [String] { precision.map { ["training.precision=\($0.rawValue)"] } ?? [] }
}

/// Says on standard error which damaged images were accepted.
func printDamage(_ images: [MediaWarning]) {
    if let summary = images.damageSummary { printToStandardError(summary) }
}

/// Sets this process's threads to the number that a recipe asks for; nil leaves it to libtorch.
func useThreads(_ count: Int?) {
    if let count { Threads.count = count }
}

/// The option `--set key=value`, which can be repeated.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Change a value of the recipe, such as training.epochs=3; can be repeated.", valueName: "key=value"))
    var settings: [String] = []
}
