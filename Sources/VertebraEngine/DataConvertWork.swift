import Annotations
import ArgumentParser
import Commands
import ScoreCommands
import Support
import Workflows

extension DataCommand.ReadingOptions {
    func read(_ path: String) throws -> DetectionSet {
        try DetectionSet.read(
            path,
            DetectionSet.Reading(
                format: from.map { DetectionFormat($0) }, imageFolder: imageFolder, fileNames: names.map))
    }
}

extension DataCommand.WritingOptions {
    /// Writes a set and says what was written, and what was lost.
    func write(_ set: DetectionSet, as format: DataCommand.Format?, to output: String) throws {
        let writer = SetWriter(
            format: format.map { DetectionFormat($0) } ?? set.format, images: SetWriter.Images(images))
        let line = ProgressLine("pictures")
        defer { line.end() }
        let summary = try StopSignal.watching(saving: false) {
            try writer.write(set, to: output, replacing: replace) { line.show($0, of: $1) }
        }
        line.end()
        guard !json else { return printToStandardOutput(try prettyJSON(summary)) }
        for part in summary.parts {
            printToStandardOutput("\(part.name): \(part.images) images, \(part.objects) objects")
        }
        let pictures =
            images == .none ? "no pictures" : "\(summary.linked) pictures linked, \(summary.copied) copied"
        printToStandardOutput(
            "\(summary.folder) (\(writer.format.title)): \(set.classNames.count) classes, \(pictures)")
        for note in summary.notes { printToStandardOutput("note: \(note)") }
    }
}

extension DataCommand.Convert: EngineWork {
    package func workInEngine() throws {
        try writing.write(reading.read(set), as: to, to: output)
    }
}

extension DataCommand.Split: EngineWork {
    package func workInEngine() throws {
        let divided = try SetSplit(val: val, test: test, seed: seed).divided(reading.read(set))
        try writing.write(divided, as: to, to: output)
    }
}

extension DataCommand.Merge: EngineWork {
    package func workInEngine() throws {
        try writing.write(DetectionSet.merged(sets.map(reading.read)), as: to, to: output)
    }
}
