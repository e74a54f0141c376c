import ArgumentParser
import ScoreCommands
import Support

/// The command `vertebra`. Its subcommands read arguments; those that need libraries for tensors or media leave the work to the
/// ``Engine``.
package struct Vertebra: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "vertebra",
        abstract: "Train, measure and use residual backbones and detectors on them.",
        discussion: "Exit codes: 0 for success, 1 if the work failed, 2 or 64 if the call was wrong.",
        version: versionText,
        subcommands: [
            ModelsCommand.self, DescribeCommand.self, TrainCommand.self, RecipeCommand.self, EvaluateCommand.self,
            ReportCommand.self, CompareCommand.self, DetectCommand.self, RecognizeCommand.self, ServeCommand.self,
            ExplainCommand.self, ScoreCommand.self, DataCommand.self, ConvertCommand.self, ExportCommand.self,
            BenchCommand.self,
        ])

    /// The version of this command, and of the libtorch that it would load.
    private static var versionText: String {
        // Which libtorch it would be takes time to find, and matters for nothing else.
        let isAsked = CommandLine.arguments.dropFirst().first == "--version"
        return "vertebra \(Release.version)" + (isAsked ? ", \(LibtorchFolder.words)" : "")
    }

    package init() {}
}
