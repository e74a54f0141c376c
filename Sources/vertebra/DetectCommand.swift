import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Support
import Training
import Workflows

struct DetectCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract:
            "Find objects in images and videos; write boxes as JSON, and pictures and videos with the boxes drawn in.")

    @Argument(help: "JPEG or PNG files, videos (MP4, MOV, Matroska, WebM, AVI, MPEG, FLV, GIF), or folders of them.")
    var images: [String]
    @Option(help: "A checkpoint's file, a run's folder, or weights of torchvision's Faster R-CNN (.pth, .safetensors).")
    var checkpoint: String
    @Option(
        help: """
            Folder for drawn pictures and videos and for detections.json. Default: none; JSON goes to standard output and \
            nothing is drawn.
            """)
    var output: String?
    @Option(help: "Leave out objects with a lower score, 0…1.") var threshold: Float = 0.5
    @Option(help: "Look at every n-th frame of a video; drawn frames in between repeat the last boxes.")
    var every = 1
    @Option(help: "The number of the stream of a video, from 0. Default: the one that FFmpeg prefers.")
    var stream: Int?
    @Option(help: "Number of video frames that the detector gets at a time.") var batch = 8
    @Flag(inversion: .prefixedNo, help: "Copy a video's sound into the drawn one.") var sound = true
    @Option(help: "Also write the detections to this file in COCO's results format; images only.") var results: String?
    @Option(
        help: "An instances JSON that gives --results its image and category ids, matched by file and class names.")
    var annotations: String?
    @OptionGroup(title: "Weights of others") var weights: WeightsOptions
    @OptionGroup(title: "Inference") var inference: InferenceOptions
    @OptionGroup var damaged: DamagedImagesOption
    @OptionGroup var set: SettingOptions
    @OptionGroup var precision: PrecisionOption
    @OptionGroup var device: DeviceOption

    func validate() throws {
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); it must be in 0…1.")
        }
        if let stream, stream < 0 { throw ValidationError("--stream is \(stream); it must not be below 0.") }
        for (name, value) in [("every", every), ("batch", batch)] where value < 1 {
            throw ValidationError("--\(name) is \(value); it must be above 0.")
        }
        guard annotations == nil || results != nil else {
            throw ValidationError("--annotations gives --results its ids; name the file for the results as well.")
        }
    }

    func work() throws {
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
            device: device.device)
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
