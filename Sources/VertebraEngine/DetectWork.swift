import Annotations
import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Support
import Tracking
import Training
import Workflows

extension DetectCommand: EngineWork {
    package func workInEngine() throws {
        let device = device.opened
        let files = try ImageDetection.imageAndVideoFiles(images)
        if results != nil, let video = files.first(where: ImageDetection.isVideo) {
            throw ValidationError("--results is for images, and \(video) is a video; detections.json has its frames.")
        }
        if let output {
            guard !RunFolder(output).holdsRun else {
                throw ValidationError(
                    "\(output) holds a run, whose detections.json this would replace. Choose another --output.")
            }
            try RunFolder(output).prepare()
        }
        if let results { try WholeFile.requireWritable(results) }
        let detection = try ImageDetection(
            weights.open(
                checkpoint, settings: set.settings + inference.settings + damaged.settings + precision.settings),
            device: device)
        useThreads(detection.model.recipe.training.threads)
        let ids = try results.map { _ in
            try ImageResultsIDs(images: files, classNames: detection.model.classNames, annotations: annotations)
        }
        var names = output.map { PictureNames(folder: $0, images: files + ImageDetection.strangers(in: $0)) }
        // Files without results, and videos with those of the frames that could be decoded.
        var failures: [any Error] = [], failedFrames: [any Error] = []
        let all = try StopSignal.watching(saving: false) {
            try ProgressLine.counting(files, "detecting") { file -> FileDetections? in
                try requireGoingOn(before: file)
                do {
                    guard ImageDetection.isVideo(file) else {
                        var found = try detection.detect(file, threshold: threshold)
                        if let picture = names?.path(for: file) { try found.writePicture(to: picture) }
                        return .image(found)
                    }
                    let found = try detect(
                        video: file, by: detection, drawing: names?.path(for: file, ending: drawn.container.rawValue))
                    if let damage = found.damage {
                        let error = damage.error(of: file, frameCount: found.video.frameCount)
                        if detection.model.recipe.data.damagedImages == .refuse {
                            failedFrames.append(error)
                        } else {
                            printToStandardError("vertebra: \(error)")
                        }
                    }
                    return .video(found)
                } catch let error as Stopped {
                    throw error
                } catch {
                    // The results of the other files must not be lost.
                    failures.append(error)
                    return nil
                }
            }
        }.compactMap(\.self)
        if all.isEmpty, let failure = failures.first { throw failure }
        if let output {
            let file = try WholeFile(path: output + "/detections.json")
            try Self.writeJSON(all) { try file.write(Array($0.utf8)) }
            try file.commit()
            for found in all {
                printToStandardOutput(found.summary)
                if case .video(let video) = found, let reason = video.video.soundLeftOut {
                    printLeftOut(reason, of: video.video.video)
                }
            }
            printToStandardOutput("boxes: \(output)/detections.json")
        } else {
            try Self.writeJSON(all) { printToStandardOutput($0, terminator: "") }
        }
        if let results, let ids { try ids.write(all.compactMap(\.image), to: results) }
        printDamage(all.compactMap(\.image?.damage))
        for failure in failures + failedFrames { printToStandardError("vertebra: \(failure)") }
        if !failures.isEmpty {
            printToStandardError("vertebra: \(failures.count) of \(files.count) files are left out")
        }
        guard failures.isEmpty, failedFrames.isEmpty else { throw ExitCode.failure }
    }

    private func detect(video: String, by detection: ImageDetection, drawing: String?) throws -> SpooledVideo {
        let line = ProgressLine("frames of \(video)")
        defer { line.end() }
        let began = ContinuousClock.now
        let spool = try JSONSpool(in: output)
        let found = try detection.detectVideo(
            video, threshold: threshold, stream: stream, passes: VideoPasses(every: every, batch: batch),
            tracking: tracking.track ? trackerOptions : nil, drawing: drawing, keepsSound: sound
        ) { done, total in
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            line.show(done, of: total, rate: seconds > 0 ? Double(done) / seconds : nil)
        } each: {
            try spool.append($0)
        }
        return SpooledVideo(video: found, frames: spool)
    }

    private var trackerOptions: TrackerOptions {
        TrackerOptions(
            highScore: threshold, lowScore: min(tracking.trackLow, threshold), leastOverlap: tracking.trackOverlap,
            leastOverlapOfLowScores: max(tracking.trackOverlap, TrackerOptions().leastOverlapOfLowScores),
            leastHits: tracking.trackHits, longestLoss: Double(tracking.trackKeep))
    }

    /// Writes all results as one list, piece by piece, with a line break behind it.
    private static func writeJSON(_ all: [FileDetections], _ write: (String) throws -> Void) throws {
        try write("[")
        for (index, found) in all.enumerated() {
            try write(index == 0 ? "\n" : ",\n")
            switch found {
            case .image(let image):
                try write("  " + JSONSpool.indented(prettyJSON(image), by: 2))
            case .video(let video):
                try video.frames.write(into: prettyJSON(video.video), as: "frames", indent: 2, write)
            }
        }
        try write("\n]\n")
    }
}

/// What was found in one video, with the frames on the disk.
private struct SpooledVideo {
    let video: VideoDetections
    let frames: JSONSpool

    var damage: VideoDamage? { video.damage }
}

/// The detections in one image or video file.
private enum FileDetections {
    case image(ImageDetections)
    case video(SpooledVideo)

    var image: ImageDetections? {
        if case .image(let found) = self { found } else { nil }
    }

    /// The file and its detections in one line for a person.
    var summary: String {
        switch self {
        case .image(let found): "\(found.picture ?? found.image): \(Self.best(of: found.detections))"
        case .video(let found): "\(found.video.drawing ?? found.video.video): \(found.video.summary)"
        }
    }

    /// The best eight objects as text.
    private static func best(of objects: [ImageDetections.Object]) -> String {
        let names = objects.map { "\($0.name) \(Int(($0.score * 100).rounded()))%" }
        guard !names.isEmpty else { return "nothing" }
        let more = names.count > 8 ? " and \(names.count - 8) more" : ""
        return names.prefix(8).joined(separator: ", ") + more
    }
}
