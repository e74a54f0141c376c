import Annotations
import ArgumentParser
import Commands
import ScoreCommands
import Support
import Workflows

extension DataCommand.Stats: EngineWork {
    package func workInEngine() throws {
        var side: SetStatistics.Input?
        if let input {
            side = SetStatistics.Input(input)
            guard side != nil else {
                throw ValidationError(
                    "--input is \(input); write 300x300, 800-1333 or 640, with sides of 16 to 8192 pixels.")
            }
        }
        if let html { try WholeFile.requireWritable(html) }
        let read = try reading.read(set)
        let statistics = try SetStatistics(read, input: side, anchors: anchors)
        printToStandardOutput(json ? try prettyJSON(statistics) : statistics.text)
        if !json { for note in read.notes { printToStandardOutput("note: \(note)") } }
        guard let html else { return }
        try WholeFile.write(statistics.page(pictures: pictures).html(), to: html)
        if !json { printToStandardOutput("page: \(html)") }
    }
}
