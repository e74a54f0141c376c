import ArgumentParser
import Tensors
import Workflows

extension Device: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}

/// The option `--device cpu|cuda|cuda:1`.
struct DeviceOption: ParsableArguments {
    @Option(help: "The device: cpu, cuda, or one of several GPUs, as in cuda:1.") var device: Device = .cpu
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
