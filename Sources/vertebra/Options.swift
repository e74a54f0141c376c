import ArgumentParser
import Tensors
import Workflows

extension Device: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}

/// `--device cpu|cuda|cuda:1`.
struct DeviceOption: ParsableArguments {
    @Option(help: "cpu, cuda, or one of several: cuda:1.") var device: Device = .cpu
}

/// Takes as many threads for this process as a recipe asks for; nil leaves it to libtorch.
func useThreads(_ count: Int?) {
    if let count { Threads.count = count }
}

/// `--set key=value`, any number of times.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a value of the recipe, such as training.epochs=3.", valueName: "key=value"))
    var settings: [String] = []
}
