import Annotations
import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Support
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
        var failures: [any Error] = []
        let all = try StopSignal.watching(saving: false) {
            try ProgressLine.counting(files, "detecting") { file -> FileDetections? in
                try requireGoingOn(before: file)
                do {
                    guard ImageDetection.isVideo(file) else {
                        var found = try detection.detect(file, threshold: threshold)
                        if let picture = names?.path(for: file) { try found.writePicture(to: picture) }
                        return .image(found)
                    }
                    return .video(
                        try detect(video: file, by: detection, drawing: names?.path(for: file, ending: "mp4")))
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
        let json = try prettyJSON(all)
        if let output {
            try RunFolder.write(json + "\n", to: output + "/detections.json")
            for found in all {
                printToStandardOutput(found.summary)
                if case .video(let video) = found, let reason = video.soundLeftOut {
                    printLeftOut(reason, of: video.video)
                }
            }
            printToStandardOutput("boxes: \(output)/detections.json")
        } else {
            printToStandardOutput(json)
        }
        if let results, let ids { try ids.write(all.compactMap(\.image), to: results) }
        printDamage(all.compactMap(\.image?.damage))
        guard failures.isEmpty else {
            for failure in failures { printToStandardError("vertebra: \(failure)") }
            printToStandardError("vertebra: \(failures.count) of \(files.count) files are left out")
            throw ExitCode.failure
        }
    }

    private func detect(video: String, by detection: ImageDetection, drawing: String?) throws -> VideoDetections {
        let line = ProgressLine("frames of \(video)")
        defer { line.end() }
        let began = ContinuousClock.now
        return try detection.detectVideo(
            video, threshold: threshold, stream: stream, passes: VideoPasses(every: every, batch: batch),
            drawing: drawing, keepsSound: sound
        ) { done, total in
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            line.show(done, of: total, rate: seconds > 0 ? Double(done) / seconds : nil)
        }
    }
}

/// The detections in one image or video file.
private enum FileDetections: Encodable {
    case image(ImageDetections)
    case video(VideoDetections)

    var image: ImageDetections? {
        if case .image(let found) = self { found } else { nil }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .image(let found): try found.encode(to: encoder)
        case .video(let found): try found.encode(to: encoder)
        }
    }

    /// The file and its detections in one line for a person.
    var summary: String {
        switch self {
        case .image(let found): "\(found.picture ?? found.image): \(Self.best(of: found.detections))"
        case .video(let found): "\(found.drawing ?? found.video): \(found.summary)"
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
