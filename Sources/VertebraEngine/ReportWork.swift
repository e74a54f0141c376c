import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Workflows

extension ReportCommand: EngineWork {
    package func workInEngine() throws {
        let report = try RunReport(
            run: run, settings: set.settings + (data.map { ["data.root=\($0)"] } ?? []), pictures: pictures,
            threshold: threshold)
        let path = output ?? report.folder.report
        try report.write(to: path)
        printToStandardOutput(path)
    }
}
