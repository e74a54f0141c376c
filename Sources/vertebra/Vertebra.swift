import ArgumentParser
import ScoreCommands
import Support
import Tensors

/// The command `vertebra`. Its subcommands read arguments, call `Workflows` and print.
@main
struct Vertebra: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vertebra",
        abstract: "Train, measure and use residual backbones and detectors on them.",
        discussion: "Exit codes: 0 for success, 1 if the work failed, 2 or 64 if the call was wrong.",
        version: versionText,
        subcommands: [
            ModelsCommand.self, DescribeCommand.self, TrainCommand.self, RecipeCommand.self, EvaluateCommand.self,
            ReportCommand.self,
            DetectCommand.self, RecognizeCommand.self,
            ExplainCommand.self, ScoreCommand.self, DataCommand.self, ConvertCommand.self, BenchCommand.self,
        ])

    /// The version of this command and of the libtorch that it runs with.
    private static var versionText: String {
        // Which libtorch was loaded takes time to say, and matters for nothing else.
        let isAsked = CommandLine.arguments.dropFirst().first == "--version"
        return "vertebra \(version), libtorch \(isAsked ? Libtorch.loadedVersion : Libtorch.builtVersion)"
    }

    /// The version of the next release; `tools/package` names its archive after it.
    private static let version = "0.1.0"

    /// Runs the command that the arguments name. Where memory does not suffice, it says so and ends with 1.
    static func main() {
        do {
            try throwingOutOfMemory { runAsProgram() }
        } catch {
            printToStandardError("vertebra: \(error)")
            Self.exit(withError: ExitCode.failure)
        }
    }
}
