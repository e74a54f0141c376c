import ArgumentParser
import Foundation

/// The command: its parts take arguments, call `Workflows` and print.
@main
struct Vertebra: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vertebra",
        abstract: "Residual backbones and the detectors on them: train, measure, use.",
        discussion: "Exit codes: 0 done, 1 the work failed, 2 or 64 the call was wrong.",
        subcommands: [
            ModelsCommand.self, DescribeCommand.self, TrainCommand.self, EvaluateCommand.self, DetectCommand.self,
            ScoreCommand.self, DataCommand.self, ConvertCommand.self, BenchCommand.self,
        ])
}

/// A command whose failures are one message on standard error and exit code 1.
protocol WorkCommand: ParsableCommand {
    func work() throws
}

extension WorkCommand {
    func run() throws {
        do {
            try work()
        } catch let error as ExitCode {
            throw error
        } catch let error as ValidationError {
            throw error
        } catch {
            printToStandardError("vertebra: \(message(of: error))")
            throw ExitCode.failure
        }
    }

    /// An error's own words; Foundation's errors have theirs in another place.
    private func message(of error: any Error) -> String {
        let isFoundations = error is CocoaError || type(of: error) is NSError.Type
        return isFoundations ? (error as NSError).localizedDescription : "\(error)"
    }
}

func printToStandardError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
