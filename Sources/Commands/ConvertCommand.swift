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
            run's folder it takes the weights of the model; into .safetensors go its recipe, classes, data and figures too, without \
            the folders of this machine. --hub makes a folder that a model hub shows: model.safetensors, config.json, \
            preprocessor_config.json and the model's card as README.md.
            """)

    @Argument(help: "A file of weights (.pth, .pt, .ckpt, .pkl, .safetensors, …), or a run's folder.") package
        var input: String
    @Argument(help: "The file to write; the ending decides the format. With --hub, the folder to make.") package
        var output: String
    @Flag(help: "Overwrite an existing file, or a folder that --hub made.") package var replace = false
    @Flag(help: "Write the tensors alone.") package var bare = false
    @Flag(help: "Make a folder for a model hub.") package var hub = false

    package func validate() throws {
        guard !hub || !bare else { throw ValidationError("--bare leaves out what --hub shows; give one of the two.") }
        guard !hub || WeightsForm(ofName: output) == nil else {
            throw ValidationError("--hub makes a folder, and \(output) is the name of a file.")
        }
        guard hub || WeightsForm(ofName: output) != nil else {
            throw ValidationError("\(output) should end in .safetensors, .pth, .pth.tar, .pt or .bin.")
        }
    }

    package init() {}
}
