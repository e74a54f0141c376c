import Annotations
import Commands
import Foundation
import ScoreCommands
import Support
import Workflows

extension DescribeCommand: EngineWork {
    package func workInEngine() throws {
        let description = try WeightsDescription(model)
        if card {
            let folder = URL(fileURLWithPath: description.path).deletingLastPathComponent().lastPathComponent
            // A run's files are all called alike; its folder has the name.
            let isOfRun = ["best.safetensors", "last.safetensors"].contains(FilePath.name(of: description.path))
            let stem = FilePath.withoutEnding(FilePath.name(of: description.path))
            let card = ModelCard(
                description, name: isOfRun && folder != "/" ? folder : stem,
                weights: FilePath.name(of: description.path))
            printToStandardOutput(String(card.text.dropLast()))
        } else {
            printToStandardOutput(json ? try prettyJSON(description) : description.text)
        }
    }
}
