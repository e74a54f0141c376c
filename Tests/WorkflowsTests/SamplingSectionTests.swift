import DataPipeline
import Foundation
import TestSupport
import Training
import Workflows
import XCTest

/// The keys `training.sampling`, on classifiers and detectors.
final class SamplingSectionTests: XCTestCase {
    private func classifier(_ root: String, _ settings: String...) throws -> ClassificationTraining {
        try ClassificationTraining(
            file: recipe(
                classifier: "backbone: '\(narrowResNet18)'", on: root, settings: settings,
                training: "epochs: 1, batch: 3, learning_rate: 0.001"),
            output: temporaryDirectory() + "/run")
    }

    private func refusal(_ root: String, _ setting: String) -> String {
        do {
            _ = try classifier(root, setting)
            return "none"
        } catch { return "\(error)" }
    }

    func testAClassAndAFolderComeMoreOften() throws {
        let root = try classFolders()
        let classes = try classifier(root, "training.sampling.classes={dog: 2}")
        XCTAssertTrue(
            classes.notes.contains("an epoch has 9 visits of 6 images, at most 2 of one"), "\(classes.notes)")
        XCTAssertEqual(try classes.train().step, 3)
        let folders = try classifier(root, "training.sampling.folders={cat/: 0.5, cat/2: 4}")
        XCTAssertTrue(
            folders.notes.contains("an epoch has 8 visits of 6 images, at most 4 of one"), "\(folders.notes)")
        // The factors of several keys are multiplied.
        let both = try classifier(
            root, "training.sampling.folders={cat/: 3}", "training.sampling.classes={cat: 0.5, dog: 0}")
        XCTAssertTrue(both.notes.contains("an epoch has 5 visits of 3 images, at most 1.5 of one"), "\(both.notes)")
        XCTAssertEqual(try classifier(root).notes, [])
    }

    func testWhatIsRefused() throws {
        let root = try classFolders()
        for (setting, words) in [
            ("training.sampling.classes={dogs: 2}", "there is no class 'dogs'; did you mean dog?"),
            ("training.sampling.classes={zebra: 2}", "there is no class 'zebra'; the classes are cat, dog"),
            (
                "training.sampling.classes={dog: -1}",
                "training.sampling.classes gives dog -1.0 visits; it must be 0 to 1000"
            ),
            (
                "training.sampling.folders={bird/: 2}",
                "no image's name begins with 'bird/'; names are such as cat/0.png"
            ),
            ("training.sampling.repeat_threshold=0", "training.sampling.repeat_threshold must be in 0…1, without 0"),
            ("training.sampling.classes={dog: 0, cat: 0}", "leaves no image to train on"),
            ("training.sampling.weights=1", "unknown key training.sampling.weights"),
        ] {
            XCTAssertTrue(refusal(root, setting).contains(words), refusal(root, setting))
        }
    }

    /// Boxes of an image count once for each class; the run's steps are those of longer epochs.
    func testADetectorsRareClassesAreRepeated() throws {
        let root = try fewShapes(train: 6)
        func training(_ settings: String...) throws -> DetectionTraining {
            try DetectionTraining(
                file: recipe(
                    training:
                        "{backbone: '\(narrowResNet18)', faster_rcnn: {pyramid_channels: 8, box_head_features: 8}}",
                    on: root,
                    settings: ["input.shorter_side=64", "input.longer_side=96", "training.epochs=1"] + settings, ""),
                output: temporaryDirectory() + "/run")
        }
        let all = try training("training.sampling.repeat_threshold=1")
        let note = try XCTUnwrap(all.notes.first { $0.contains("visits") })
        let visits = try XCTUnwrap(Int(note.split(separator: " ")[3]))
        XCTAssertGreaterThan(visits, 6, note)
        XCTAssertEqual(try all.train().step, (visits + 1) / 2)
        XCTAssertThrowsError(try training("training.sampling.classes={dics: 2}")) {
            XCTAssertTrue("\($0)".contains("did you mean disc?"), "\($0)")
        }
    }
}
