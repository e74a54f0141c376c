import Annotations
import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Support
import Training
import Workflows

extension RecognizeCommand: EngineWork {
    package func workInEngine() throws {
        let device = device.opened
        let files = try ClipRecognition.videos(videos)
        let folder = output.map { RunFolder($0) }
        try folder?.prepare()
        let recognition = try ClipRecognition(
            weights.open(checkpoint, settings: set.settings + damaged.settings + precision.settings),
            device: device, top: top,
            stream: stream)
        useThreads(recognition.model.recipe.training.threads)
        if timeline.timeline {
            return try TimelineWork(command: self, recognition: recognition, files: files).work()
        }
        var names = PictureNames(folder: folder?.path ?? "", images: files)
        var all: [RecognizedClip] = [], failures: [any Error] = [], stop: (any Error)?
        var list = PrintedList()
        let line = ProgressLine("recognizing")
        StopSignal.watching(saving: false) {
            for file in files where stop == nil {
                do {
                    try requireGoingOn(before: file)
                    var found = try recognition.recognize(file)
                    if folder != nil {
                        try found.writeVideo(
                            to: names.path(for: file, ending: drawn.container.rawValue), keepsSound: sound)
                    }
                    all.append(found)
                    line.end()
                    if folder == nil {
                        try list.append(found)
                    } else {
                        printAtOnce("\(found.drawn ?? found.video): \(found.summary)")
                    }
                    if let reason = found.soundLeftOut { printLeftOut(reason, of: file) }
                } catch  where error is Stopped || error is ExitCode {
                    stop = error
                } catch {
                    // The results of the other videos must not be lost.
                    line.end()
                    failures.append(error)
                    printToStandardError("vertebra: \(error)")
                }
                line.show(all.count + failures.count, of: files.count)
            }
        }
        line.end()
        list.end()
        if let folder, !all.isEmpty {
            let path = folder.path + "/recognized.json"
            try RunFolder.write(prettyJSON(all) + "\n", to: path)
            printToStandardOutput("numbers: \(path)")
        }
        printDamage(recognition.damagedImages)
        if let stop { throw stop }
        guard failures.isEmpty else {
            if files.count > 1 {
                printToStandardError("vertebra: \(failures.count) of \(files.count) videos are left out")
            }
            throw ExitCode.failure
        }
    }
}

/// A JSON list on standard output that is printed element by element.
private struct PrintedList {
    private var isBegun = false

    mutating func append(_ element: some Encodable) throws {
        let json = try prettyJSON(element)
        printToStandardOutput(isBegun ? "," : "[")
        isBegun = true
        let lines = json.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
        printToStandardOutput(lines.joined(separator: "\n"), terminator: "")
        fflush(nil)
    }

    func end() { if isBegun { printToStandardOutput("\n]") } }
}

/// Prints a line that a reader at the other end of a pipe sees now.
private func printAtOnce(_ text: String) {
    printToStandardOutput(text)
    fflush(nil)
}

/// Tells that a drawn video lacks the sound of its original.
func printLeftOut(_ reason: String, of video: String) {
    printToStandardError("vertebra: \(video): its sound is left out (\(reason))")
}
