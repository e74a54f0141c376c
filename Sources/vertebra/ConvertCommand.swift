import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct ConvertCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Weights between PyTorch's .pth and .safetensors.",
        discussion: """
            Of a .pth, in any form that PyTorch ever wrote, only tensors and plain values are read, never other objects. A \
            training checkpoint gives its model's weights; so does a run's folder.
            """)

    @Argument(help: "A .pth, .pth.tar, .pt, .bin or .safetensors file, or a run's folder.") var input: String
    @Argument(help: "The file to write, of either kind.") var output: String
    @Flag(help: "Write over a file that is there.") var replace = false

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
