import Annotations
import ArgumentParser
import Commands
import Foundation
import Media
import ScoreCommands
import Support
import Training
import Workflows

/// `recognize --timeline`: what happens when in untrimmed videos.
struct TimelineWork {
    let command: RecognizeCommand
    let recognition: ClipRecognition
    let files: [String]

    private var arguments: TimelineArguments { command.timeline }

    private var options: TimelineOptions {
        TimelineOptions(
            window: arguments.window, stride: arguments.stride, smoothing: arguments.smooth, enter: arguments.enter,
            leave: arguments.leave, bridge: arguments.bridge, shortest: arguments.shortest, top: command.top)
    }

    /// A timeline with its windows on the disk.
    private struct Spooled {
        var timeline: VideoTimeline
        let windows: JSONSpool
    }

    func work() throws {
        for (name, path) in [("srt", arguments.srt), ("draw", arguments.draw)] {
            guard let path else { continue }
            guard files.count == 1 else {
                throw ValidationError(
                    "--\(name) is for one video, and there are \(files.count); --output takes them all.")
            }
            try WholeFile.requireWritable(path)
            guard !Self.isSameFile(path, files[0]) else {
                throw ValidationError("--\(name) is \(path), which is the video itself; choose another name.")
            }
        }
        var names = PictureNames(folder: command.output ?? "", images: files)
        var all: [Spooled] = [], failures: [any Error] = [], damaged: [any Error] = [], stop: (any Error)?
        StopSignal.watching(saving: false) {
            for file in files where stop == nil {
                do {
                    try requireGoingOn(before: file)
                    var found = try timeline(of: file)
                    try write(&found.timeline, of: file, names: &names)
                    all.append(found)
                    if let reason = found.timeline.soundLeftOut { printLeftOut(reason, of: file) }
                    guard let damage = found.timeline.damage else { continue }
                    let error = damage.error(of: file, frameCount: found.timeline.frames)
                    if recognition.model.recipe.data.damagedImages == .refuse { damaged.append(error) }
                    printToStandardError("vertebra: \(error)")
                } catch  where error is Stopped || error is ExitCode {
                    stop = error
                } catch {
                    // The results of the other videos must not be lost.
                    failures.append(error)
                    printToStandardError("vertebra: \(error)")
                }
            }
        }
        if !all.isEmpty { try report(all) }
        printDamage(recognition.damagedImages)
        if let stop { throw stop }
        if !failures.isEmpty, files.count > 1 {
            printToStandardError("vertebra: \(failures.count) of \(files.count) videos are left out")
        }
        guard failures.isEmpty, damaged.isEmpty else { throw ExitCode.failure }
    }

    private func timeline(of file: String) throws -> Spooled {
        let line = ProgressLine("windows of \(file)")
        defer { line.end() }
        let spool = try JSONSpool(in: command.output)
        let found = try recognition.timeline(file, options: options) { done, total in
            line.showTimeLeft(done, of: total)
        } each: {
            try spool.append($0)
        }
        return Spooled(timeline: found, windows: spool)
    }

    /// Writes subtitles and video, as far as they are asked for.
    private func write(_ timeline: inout VideoTimeline, of file: String, names: inout PictureNames) throws {
        var drawing = arguments.draw, subtitles = arguments.srt
        if command.output != nil {
            let video = names.path(for: file, ending: command.drawn.container.rawValue)
            drawing = drawing ?? video
            subtitles = subtitles ?? (video as NSString).deletingPathExtension + ".srt"
        }
        if let drawing {
            let line = ProgressLine("drawing \(file)")
            defer { line.end() }
            try timeline.writeVideo(to: drawing, keepsSound: command.sound) { line.showTimeLeft($0, of: $1) }
        }
        if let subtitles { try timeline.writeSubtitles(to: subtitles) }
    }

    private func report(_ all: [Spooled]) throws {
        func writeJSON(_ write: (String) throws -> Void) throws {
            try write("[")
            for (index, found) in all.enumerated() {
                try write(index == 0 ? "\n" : ",\n")
                try found.windows.write(into: prettyJSON(found.timeline), as: "windows", indent: 2, write)
            }
            try write("\n]\n")
        }
        guard let output = command.output else {
            return try writeJSON { printToStandardOutput($0, terminator: "") }
        }
        let file = try WholeFile(path: output + "/timeline.json")
        try writeJSON { try file.write(Array($0.utf8)) }
        try file.commit()
        for found in all {
            printToStandardOutput("\(found.timeline.drawn ?? found.timeline.video): \(found.timeline.summary)")
        }
        printToStandardOutput("timeline: \(output)/timeline.json")
    }

    private static func isSameFile(_ a: String, _ b: String) -> Bool {
        func identity(_ path: String) -> [UInt64]? {
            var status = stat()
            return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
        }
        return identity(a).map { $0 == identity(b) } ?? false
    }
}
