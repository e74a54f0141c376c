import Annotations
import Foundation
import Media
import SampleSets
import TestSupport
import XCTest

final class ActionSampleSetTests: XCTestCase {
    /// Small videos, quick to encode.
    private var settings: ActionSampleSet.Settings {
        var settings = ActionSampleSet.Settings()
        settings.seed = 5
        settings.trainClips = 2
        settings.validationClips = 1
        settings.width = 48
        settings.height = 36
        settings.frames = 6...9
        settings.farRadii = 4...5
        settings.nearRadii = 8...10
        return settings
    }

    func testTheSameBytesWhateverTheThreads() throws {
        let folder = try temporaryDirectory()
        var settings = settings
        settings.trainClips = 1
        let set = ActionSampleSet(settings: settings)
        try set.write(to: folder + "/a", threads: 1)
        try set.write(to: folder + "/b", threads: 3)
        XCTAssertEqual(try filesBelow(folder + "/a"), try filesBelow(folder + "/b"))
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder).sorted(), ["a", "b"])
        settings.seed = 6
        var other: [ByteImage] = [], first: [ByteImage] = []
        ActionSampleSet(settings: settings).scene(0).forEachFrame { other.append($0) }
        set.scene(0).forEachFrame { first.append($0) }
        XCTAssertNotEqual(first, other)
    }

    func testTheReadersReadItWhole() throws {
        let set = ActionSampleSet(settings: settings)
        let summary = try set.write(to: try temporaryDirectory() + "/set", threads: 2)
        let paths = summary.paths
        XCTAssertEqual([summary.trainClips, summary.validationClips], [18, 9])
        XCTAssertEqual(summary.frames, (0..<27).reduce(0) { $0 + set.scene($1).frameCount })
        XCTAssertTrue(summary.description.contains("18 training and 9 validation clips"), summary.description)

        let names = ActionClass.classNames
        XCTAssertEqual(names, names.sorted())
        let kinetics = [
            try Kinetics.readCSV(paths.kineticsTrain, videos: paths.kineticsTrainVideos, split: "train"),
            try Kinetics.readCSV(paths.kineticsValidation, videos: paths.kineticsValidationVideos, split: "val"),
        ]
        let something = try [paths.somethingTrain, paths.somethingValidation].map {
            try SomethingSomething.read($0, labels: paths.somethingLabels, videos: paths.somethingVideos)
        }
        for (i, clips) in [(0, 2), (1, 1)] {
            XCTAssertEqual(kinetics[i].classNames, names)
            XCTAssertEqual(something[i].classNames, names.map { "Something " + $0 })
            for annotations in [kinetics[i], something[i]] {
                XCTAssertEqual(annotations.missing, [])
                for label in names.indices {
                    XCTAssertEqual(annotations.clips.count { $0.label == label }, clips, names[label])
                }
            }
            // Both forms list the same clips, in the same order.
            XCTAssertEqual(kinetics[i].clips.map(\.label), something[i].clips.map(\.label))
        }
        let folders = try Kinetics.readFolders(paths.kineticsTrainVideos)
        XCTAssertEqual(folders.classNames, names)
        XCTAssertEqual(Set(folders.clips), Set(kinetics[0].clips))
    }

    func testMirroredClipsHaveAClass() {
        let names = ActionClass.classNames
        let annotations = ClipAnnotations(source: "", classNames: names, clips: [])
        let mirrored = annotations.mirroredLabels?.map { names[$0] }
        XCTAssertEqual(
            mirrored,
            names.map { name in
                switch ActionClass(rawValue: name) {
                case .movingLeft: "moving right"
                case .movingRight: "moving left"
                default: name
                }
            })
    }

    func testVideosShowWhatWasDrawn() throws {
        let set = ActionSampleSet(settings: settings)
        let paths = try set.write(to: try temporaryDirectory() + "/set", threads: 2).paths
        let train = try Kinetics.readCSV(paths.kineticsTrain, videos: paths.kineticsTrainVideos)
        for index in [0, 7] {
            let scene = set.scene(index)
            var drawn: [ByteImage] = []
            scene.forEachFrame { drawn.append($0) }
            for path in [
                paths.kineticsTrainVideos + "/" + train.clips[index].path, paths.somethingVideos + "/\(index + 1).webm",
            ] {
                let video = try VideoReader(path: path)
                XCTAssertEqual(video.frameCount, scene.frameCount)
                XCTAssertEqual([video.width, video.height], [48, 36])
                XCTAssertEqual(try XCTUnwrap(video.frameRate), scene.rate, accuracy: 0.1 * scene.rate)
                try video.forEachFrame { frame, image in
                    let image = try XCTUnwrap(image)
                    let difference = zip(image.pixels, drawn[frame].pixels).reduce(0) {
                        $0 + abs(Int($1.0) - Int($1.1))
                    }
                    XCTAssertLessThan(Double(difference) / Double(image.byteCount), 8, "\(path), frame \(frame)")
                }
            }
        }
    }

    func testTheFolderAppearsWholeOrNotAtAll() throws {
        let folder = try temporaryDirectory()
        var settings = settings
        settings.trainClips = 1
        settings.frames = 2...3
        let set = ActionSampleSet(settings: settings)
        try set.write(to: folder + "/set")
        XCTAssertThrowsError(try set.write(to: folder + "/set")) {
            XCTAssertTrue("\($0)".contains("exists already"), "\($0)")
        }
        try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/set/extra"))
        try set.write(to: folder + "/set", replacing: true)
        XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/set/extra"))
        // Not even the other sample set is replaced.
        var shapes = ShapeSampleSet.Settings()
        shapes.trainImages = 1
        shapes.validationImages = 1
        try ShapeSampleSet(settings: shapes).write(to: folder + "/shapes")
        XCTAssertThrowsError(try set.write(to: folder + "/shapes", replacing: true)) {
            XCTAssertTrue("\($0)".contains("is not such a sample set"), "\($0)")
        }
        XCTAssertThrowsError(try set.write(to: folder + "/set/settings.json/inner"))
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder).sorted(), ["set", "shapes"])
    }

    func testPublishedSettingsAreTheDefaults() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../datasets/actions/settings.json")
        XCTAssertEqual(
            try JSONDecoder().decode(ActionSampleSet.Settings.self, from: Data(contentsOf: file)),
            ActionSampleSet.Settings())
    }
}
