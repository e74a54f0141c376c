import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct ConvertCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Convert weights between PyTorch's .pth and .safetensors.",
        discussion: """
            Reads a .pth in every format that PyTorch has used, Lightning's, mmdetection's and detectron2's files too, whatever \
            the name's ending. Only tensors are taken; other objects are skipped and never run. From a training checkpoint or a \
            run's folder it takes the weights of the model.
            """)

    @Argument(help: "A file of weights (.pth, .pt, .ckpt, .pkl, .safetensors, …), or a run's folder.") var input: String
    @Argument(help: "The file to write; the ending decides the format.") var output: String
    @Flag(help: "Overwrite an existing file.") var replace = false

    func validate() throws {
        guard WeightsFile.isKnownKind(output) else {
            throw ValidationError("\(output) should end in .safetensors, .pth, .pth.tar, .pt or .bin.")
        }
    }

    func work() throws {
        let weights = try WeightsFile(input)
        try WeightsFile.write(weights.state, to: output, replacing: replace)
        for note in weights.notes { printToStandardError("\(weights.path): \(note)") }
        printToStandardOutput(
            "\(output): \(weights.state.count) tensors, \(weights.state.reduce(0) { $0 + $1.tensor.count }) numbers")
    }
}
