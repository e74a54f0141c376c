import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct ConvertCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Convert weights between PyTorch's .pth and .safetensors.",
        discussion: """
            Reads a .pth in every format that PyTorch has used, but only tensors and plain values, never other objects. From a \
            training checkpoint or a run's folder it takes the weights of the model.
            """)

    @Argument(help: "A .pth, .pth.tar, .pt, .bin or .safetensors file, or a run's folder.") var input: String
    @Argument(help: "The file to write; the ending decides the format.") var output: String
    @Flag(help: "Overwrite an existing file.") var replace = false

    func validate() throws {
        var isFolder: ObjCBool = false
        let inputIsFolder = FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) && isFolder.boolValue
        for path in inputIsFolder ? [output] : [input, output] where !WeightsFile.isKnownKind(path) {
            throw ValidationError("\(path) should end in .safetensors, .pth, .pth.tar, .pt or .bin.")
        }
    }

    func work() throws {
        let weights = try WeightsFile(input)
        try WeightsFile.write(weights.state, to: output, replacing: replace)
        for note in weights.notes { printToStandardError("\(weights.path): \(note)") }
        print("\(output): \(weights.state.count) tensors, \(weights.state.reduce(0) { $0 + $1.tensor.count }) numbers")
    }
}
