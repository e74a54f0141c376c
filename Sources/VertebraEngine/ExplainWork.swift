import Annotations
import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Workflows

extension ExplainCommand: EngineWork {
    package func workInEngine() throws {
        let device = device.opened
        let files = try ImageDetection.imageFiles(images)
        var writer = try output.map { try ExplanationWriter(folder: RunFolder($0), images: files) }
        let explanation = try ImageExplanation(
            checkpoints: checkpoints, network: networks.first, weights: weights, classNames: classes,
            classChoice: choice,
            stage: stage, settings: set.settings + damaged.settings, device: device)
        useThreads(explanation.threads)
        for note in explanation.notes { printToStandardError(note) }
        let all = try ProgressLine.counting(files, "explaining") { file in
            var found = try explanation.explain(file)
            try writer?.write(&found)
            return found
        }
        printDamage(all.compactMap(\.damage))
        let json = try prettyJSON(all)
        guard let output else { return printToStandardOutput(json) }
        try RunFolder.write(json + "\n", to: output + "/explanations.json")
        for found in all { printToStandardOutput("\(found.picture ?? found.image): \(found.summary)") }
        for overview in try writer?.finish() ?? [] { printToStandardOutput("all of them: \(overview)") }
        printToStandardOutput("numbers: \(output)/explanations.json")
    }
}
