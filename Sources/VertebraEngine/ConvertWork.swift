import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Workflows

extension ConvertCommand: EngineWork {
    package func workInEngine() throws {
        if hub {
            try HubFolder(output).write(input, replacing: replace)
            printToStandardOutput("\(output): model.safetensors, config.json, preprocessor_config.json, README.md")
            return
        }
        let weights = try WeightsFile(input)
        if try weights.write(to: output, bare: bare, replacing: replace) {
            printToStandardError(
                "\(output): PyTorch's form has no place for the recipe and the classes; they are left out")
        }
        for note in weights.notes { printToStandardError("\(weights.path): \(note)") }
        printToStandardOutput(
            "\(output): \(weights.state.count) tensors, \(weights.state.reduce(0) { $0 + $1.tensor.count }) numbers")
    }
}
