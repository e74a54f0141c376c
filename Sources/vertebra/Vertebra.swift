import ArgumentParser
import ScoreCommands

/// The command: its parts take arguments, call `Workflows` and print.
@main
struct Vertebra: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vertebra",
        abstract: "Residual backbones and the detectors on them: train, measure, use.",
        discussion: "Exit codes: 0 done, 1 the work failed, 2 or 64 the call was wrong.",
        subcommands: [
            ModelsCommand.self, DescribeCommand.self, TrainCommand.self, RecipeCommand.self, EvaluateCommand.self,
            ReportCommand.self,
            DetectCommand.self, RecognizeCommand.self,
            ExplainCommand.self, ScoreCommand.self, DataCommand.self, ConvertCommand.self, BenchCommand.self,
        ])
}
