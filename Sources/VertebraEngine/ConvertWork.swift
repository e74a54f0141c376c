import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Workflows

extension ConvertCommand: EngineWork {
    package func workInEngine() throws {
        let weights = try WeightsFile(input)
        try WeightsFile.write(weights.state, to: output, replacing: replace)
        for note in weights.notes { printToStandardError("\(weights.path): \(note)") }
        printToStandardOutput(
            "\(output): \(weights.state.count) tensors, \(weights.state.reduce(0) { $0 + $1.tensor.count }) numbers")
    }
}
