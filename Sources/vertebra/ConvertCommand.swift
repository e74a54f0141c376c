import ArgumentParser
import ScoreCommands
import Workflows

struct ConvertCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Weights between PyTorch's .pth and .safetensors.",
        discussion: "Only tensors are read from a .pth, never other objects. A training checkpoint gives its weights.")

    @Argument(help: "A .pth, .pt, .bin or .safetensors file.") var input: String
    @Argument(help: "The file to write, of either kind.") var output: String

    func validate() throws {
        for path in [input, output] where !WeightsFile.isKnownKind(path) {
            throw ValidationError("\(path) should end in .safetensors, .pth, .pt or .bin.")
        }
    }

    func work() throws {
        let state = try WeightsFile.read(input)
        try WeightsFile.write(state, to: output)
        print("\(output): \(state.count) tensors, \(state.reduce(0) { $0 + $1.tensor.count }) numbers")
    }
}
