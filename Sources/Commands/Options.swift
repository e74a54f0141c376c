import ArgumentParser

/// The option `--device cpu|cuda|cuda:1`.
package struct DeviceOption: ParsableArguments {
    /// What can be named as a device; `Tensors.Device` reads the same words.
    package enum Value: Hashable, Sendable, ExpressibleByArgument {
        case cpu
        /// The CUDA device of this index, from 0.
        case cuda(Int)

        package init?(argument: String) {
            switch argument {
            case "cpu": self = .cpu
            case "cuda": self = .cuda(0)
            default:
                guard argument.hasPrefix("cuda:"), let index = Int(argument.dropFirst(5)), index >= 0 else {
                    return nil
                }
                self = .cuda(index)
            }
        }

        package var defaultValueDescription: String {
            switch self {
            case .cpu: "cpu"
            case .cuda(let index): "cuda:\(index)"
            }
        }
    }

    @Option(help: "The device: cpu, cuda, or one of several GPUs, as in cuda:1.") package var device: Value = .cpu

    package init() {}
}

/// The option `--damaged-images refuse|accept`.
package struct DamagedImagesOption: ParsableArguments {
    /// The names of `Media.DamagedImages`.
    package enum Value: String, CaseIterable, Sendable, ExpressibleByArgument { case refuse, accept }

    @Option(
        help: """
            What to do with a JPEG that is damaged, but can be decoded: refuse or accept it; the same as --set \
            data.damaged_images=… Default: the recipe's, or else refuse.
            """)
    package var damagedImages: Value?

    package init() {}

    /// The option, if it was given, as a setting `key=value` of a recipe.
    package var settings: [String] { damagedImages.map { ["data.damaged_images=\($0.rawValue)"] } ?? [] }
}

/// The option `--precision float32|bfloat16|float16`.
package struct PrecisionOption: ParsableArguments {
    /// The names of a recipe's `training.precision`.
    package enum Value: String, CaseIterable, Sendable, ExpressibleByArgument { case float32, bfloat16, float16 }

    @Option(
        help: """
            The type of number in which convolutions and matrix products compute; the same as --set training.precision=… \
            Default: the recipe's, or else float32.
            """)
    package var precision: Value?

    package init() {}

    /// The option, if it was given, as a setting `key=value` of a recipe.
    package var settings: [String] { precision.map { ["training.precision=\($0.rawValue)"] } ?? [] }
}

/// The option `--set key=value`, which can be repeated.
package struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Change a value of the recipe, such as training.epochs=3; can be repeated.", valueName: "key=value"))
    package var settings: [String] = []

    package init() {}
}
