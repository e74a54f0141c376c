import ArgumentParser
import Foundation
import ScoreCommands
import Support

package struct TrainCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train the model of a recipe.",
        discussion: """
            The run's folder gets recipe.yaml, run.log, metrics.jsonl, last.safetensors and best.safetensors. Ctrl-C saves and \
            stops; --resume continues and comes to the same numbers as a run without a stop. One process at a time trains in a \
            folder.
            """)

    @Argument(help: "A recipe file, such as one of tools/recipes.") package var recipe: String
    @OptionGroup package var set: SettingOptions
    @Option(help: "The run's folder. Default: runs/ and the recipe's name.") package var output: String?
    @OptionGroup package var device: DeviceOption
    @Flag(name: .customLong("resume"), help: "Continue from the run's last checkpoint.") package var resumesLast = false
    @Option(help: "Continue from another checkpoint: best, last, or a file.") package var resumeFrom: String?
    @Flag(help: "Continue although the recipe was changed so that it would be another training.")
    package var acceptChanges = false
    @Option(help: "Save and stop after this many seconds; --resume continues.") package var seconds: Double?
    @Option(help: "Train in so many processes of this machine, with --device cuda one for each GPU.") package
        var processes: Int?
    @Option(help: "With --processes: begin again, from the last checkpoint, so many times after a failure.")
    package var maxRestarts = 0

    @Option(help: "With several processes: write when gradients travelled in each step, for ui.perfetto.dev.")
    package var timeline: String?

    @Flag(help: "Open all data, take two steps, and say what memory and time training would take; write nothing.")
    package var dryRun = false
    @Flag(help: "Find a learning rate by letting it grow until the loss diverges; write a picture and the numbers.")
    package var findLearningRate = false

    package var resume: Bool { resumesLast || resumeFrom != nil }

    package func validate() throws {
        guard !(dryRun && findLearningRate) else {
            throw ValidationError("--dry-run and --find-learning-rate are two things; leave one out.")
        }
        for (flag, isSet) in [("--dry-run", dryRun), ("--find-learning-rate", findLearningRate)] where isSet {
            let others = [
                ("--resume", resume), ("--seconds", seconds != nil), ("--processes", processes ?? 1 > 1),
                ("--timeline", timeline != nil),
            ]
            if let other = others.first(where: \.1) {
                throw ValidationError(
                    "\(flag) begins anew, in one process, and trains no further: leave \(other.0) out.")
            }
        }
        guard resume || !acceptChanges else {
            throw ValidationError("--accept-changes is for a run that continues: add --resume or --resume-from.")
        }
        if let seconds, !(seconds > 0) { throw ValidationError("--seconds is \(seconds); it must be above 0.") }
        if let processes, !(1...1024).contains(processes) {
            throw ValidationError("--processes is \(processes); it must be 1 to 1024.")
        }
        guard maxRestarts >= 0 else {
            throw ValidationError("--max-restarts is \(maxRestarts); it must not be below 0.")
        }
        guard maxRestarts == 0 || processes != nil else {
            throw ValidationError("--max-restarts is for --processes; torchrun and others begin again by themselves.")
        }
    }

    package init() {}
}
