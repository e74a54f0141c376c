import ArgumentParser
import Commands
import Evaluation
import Foundation
import ScoreCommands
import Support
import Workflows

extension CompareCommand: EngineWork {
    package func workInEngine() throws {
        var options = RunComparison.Options()
        options.device = device.opened
        options.settings = set.settings + (data.map { ["data.root=\($0)"] } ?? [])
        options.resamples = BootstrapResamples(count: resamples, seed: seed)
        options.threshold = threshold
        options.pictures = pictures
        if let html { try RunComparison.requireWritable(html) }

        let lines = ProgressLines()
        let progress = RunComparison.Progress(
            note: {
                lines.end()
                printToStandardError($0)
            }, count: lines.show)
        let compared = try StopSignal.watching(saving: false) {
            defer { lines.end() }
            return if let annotations {
                try RunComparison(
                    annotations: annotations, results: results, images: images, options: options, progress: progress)
            } else {
                try RunComparison(runs: runs, options: options, progress: progress)
            }
        }
        if json {
            printToStandardOutput(try compared.json())
        } else {
            printToStandardOutput(markdown ? compared.table.markdown() : compared.table.text())
        }
        for note in compared.notes { printToStandardError(note) }
        if let html { printToStandardError("written to \(try compared.write(to: html))") }
    }
}

/// Counters of several pieces of work, one after the other.
private final class ProgressLines {
    private var line: (work: String, line: ProgressLine)?

    func show(_ work: String, _ done: Int, _ total: Int) {
        if line?.work != work {
            end()
            line = (work, ProgressLine(work))
        }
        line?.line.show(done, of: total)
    }

    func end() {
        line?.line.end()
        line = nil
    }
}
