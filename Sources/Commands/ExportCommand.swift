import ArgumentParser
import Foundation
import ScoreCommands

package struct ExportCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a trained network as an ONNX model (opset 18).",
        discussion: """
            The model holds everything from pixels to results: normalisation, scaling, suppression. Classifiers give `logits`; \
            detectors give `boxes` (XYXY pixels of the image that is given), `scores` and `labels`. Classifiers and SSD take \
            batches of any size, Faster R-CNN one image of any height and width. The classes' names and how pixels are \
            normalised stand in the model's metadata.
            """)

    package enum Input: String, ExpressibleByArgument, CaseIterable {
        case uint8, float
    }
    package enum Precision: String, ExpressibleByArgument, CaseIterable {
        case float32, float16
    }

    @Argument(
        help: """
            A run's folder, a checkpoint or a file of weights; with --fresh a name that `vertebra models` lists.
            """)
    package var source: String
    @Argument(help: "The file to write, whose name ends in .onnx.") package var output: String
    @Option(
        help: ArgumentHelp(
            "Pixels as the model takes them, RGB: uint8 [N, H, W, 3], or float in 0…1 [N, 3, H, W]; clips have T before H.",
            valueName: "uint8|float"))
    package var input = Input.uint8
    @Option(help: ArgumentHelp("What the model's convolutions compute in.", valueName: "float32|float16"))
    package var precision = Precision.float32
    @Flag(help: "Put the weights into a file of their own, OUTPUT.data, as those of 2 GiB and more are in any case.")
    package var externalData = false
    @Option(
        help: ArgumentHelp(
            "Also write random pixels, and what the network gives on them, to a .safetensors file, to try a runtime with.",
            valueName: "file"))
    package var sample: String?
    @Flag(help: "Export a classifier of this name with fresh weights, to measure a runtime with.") package var fresh =
        false
    @Option(
        help: ArgumentHelp(
            "With --fresh: the input's height and width, with frames in front for clips.", valueName: "[T×]H×W"))
    package var size: String?
    @Flag(help: "Overwrite an existing file.") package var replace = false
    @OptionGroup package var weights: WeightsOptions
    @OptionGroup package var set: SettingOptions

    /// The numbers of `--size`; nil without it.
    package var sizes: [Int]? {
        size.flatMap { text in
            let parts = text.split { $0 == "x" || $0 == "×" }.map { Int($0) }
            guard !parts.isEmpty, parts.count <= 3, parts.allSatisfy({ ($0 ?? 0) > 0 }) else { return nil }
            return parts.compactMap(\.self)
        }
    }

    package func validate() throws {
        guard output.hasSuffix(".onnx") else { throw ValidationError("\(output) should end in .onnx.") }
        if let sample, !sample.hasSuffix(".safetensors") {
            throw ValidationError("--sample: \(sample) should end in .safetensors.")
        }
        if size != nil {
            guard fresh else {
                throw ValidationError("--size goes with --fresh; a trained network has a size of its own.")
            }
            guard sizes != nil, sizes?.count != 1 else {
                throw ValidationError(
                    "--size: \(size ?? "") should be two numbers such as 224x224, or three for clips.")
            }
        }
    }

    package init() {}
}
