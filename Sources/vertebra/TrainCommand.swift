import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct TrainCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train the model of a recipe.",
        discussion: """
            The run's folder gets recipe.yaml, run.log, metrics.jsonl, last.safetensors and best.safetensors. Ctrl-C saves and \
            stops; --resume continues and comes to the same numbers as a run without a stop. One process at a time trains in a \
            folder.
            """)

    @Argument(help: "A recipe file, such as one of tools/recipes.") var recipe: String
    @OptionGroup var set: SettingOptions
    @Option(help: "The run's folder. Default: runs/ and the recipe's name.") var output: String?
    @OptionGroup var device: DeviceOption
    @Flag(name: .customLong("resume"), help: "Continue from the run's last checkpoint.") var resumesLast = false
    @Option(help: "Continue from another checkpoint: best, last, or a file.") var resumeFrom: String?
    @Flag(help: "Continue although the recipe was changed so that it would be another training.")
    var acceptChanges = false
    @Option(help: "Save and stop after this many seconds; --resume continues.") var seconds: Double?

    private var resume: Bool { resumesLast || resumeFrom != nil }

    func validate() throws {
        guard resume || !acceptChanges else {
            throw ValidationError("--accept-changes is for a run that continues: add --resume or --resume-from.")
        }
        if let seconds, !(seconds > 0) { throw ValidationError("--seconds is \(seconds); it must be above 0.") }
    }

    func work() throws {
        let folder = output ?? "runs/" + ((recipe as NSString).lastPathComponent as NSString).deletingPathExtension
        try RunFolder(folder).requireFree()
        let line = ProgressLine("looking at the data")
        defer { line.end() }
        let file = try RecipeFile(path: recipe, settings: set.settings)
        useThreads(try file.threads())
        let training = try VisionTask.open(
            file, output: folder, device: device.device, resuming: resume, indexing: line.showTimeLeft)
        line.end()
        let names = training.classNames
        printToStandardError("\(names.count) classes: \(names.joined(separator: ", "))")
        printToStandardError("training on \(training.summary)")
        if !resume, let start = training.start { printToStandardError(start.summary) }
        for note in training.notes { printToStandardError(note) }
        let outcome = try training.train(
            resume: resume, from: resumeFrom, acceptingChanges: acceptChanges, seconds: seconds,
            resumeCommand: resumeCommand(folder: folder),
            showsProgress: true)
        let replaced = training.replacedImages
        if !replaced.isEmpty {
            printToStandardError(
                "\(replaced.count) images could not be read and were replaced by others; the first: \(replaced[0])")
        }
        let leftOut = training.leftOutImages
        if let first = leftOut.first {
            printToStandardError(
                "\(leftOut.count) validation images could not be read and were left out; the first: \(first.path): "
                    + first.reason)
        }
        printDamage(training.damagedImages)
        guard outcome.reason != .stopped else { throw ExitCode.failure }
        printToStandardOutput("run: \(folder)")
        printToStandardOutput("last checkpoint: \(outcome.lastCheckpoint) (step \(outcome.step))")
        if let best = outcome.best, let path = outcome.bestCheckpoint {
            printToStandardOutput(
                "best checkpoint: \(path) (\(best.metric) \(String(format: "%.4f", best.value)) at step \(best.step))")
        }
    }

    private func resumeCommand(folder: String) -> String {
        var words = ["vertebra", "train", recipe]
        for setting in set.settings { words += ["--set", setting] }
        words += ["--output", folder]
        if device.device != .cpu { words += ["--device", "\(device.device)"] }
        return (words + ["--resume"]).map(shellQuoted).joined(separator: " ")
    }

    private func shellQuoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-=:,+".contains($0) }
        return plain ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
