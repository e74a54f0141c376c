import ArgumentParser
import Foundation
import Listings
import ScoreCommands

package struct ConvertCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Convert weights between PyTorch's .pth and .safetensors.",
        discussion: """
            Reads a .pth in every format that PyTorch has used, Lightning's, mmdetection's and detectron2's files too, whatever \
            the name's ending. Only tensors are taken; other objects are skipped and never run. From a training checkpoint or a \
            run's folder it takes the weights of the model.
            """)

    @Argument(help: "A file of weights (.pth, .pt, .ckpt, .pkl, .safetensors, …), or a run's folder.") package
        var input: String
    @Argument(help: "The file to write; the ending decides the format.") package var output: String
    @Flag(help: "Overwrite an existing file.") package var replace = false

    package func validate() throws {
        guard WeightsForm(ofName: output) != nil else {
            throw ValidationError("\(output) should end in .safetensors, .pth, .pth.tar, .pt or .bin.")
        }
    }

    package init() {}
}
