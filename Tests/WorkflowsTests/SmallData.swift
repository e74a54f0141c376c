import Foundation
import Media
import SampleSets
import Support
import TestSupport
import Workflows
import XCTest

/// Writes a sample set of shapes.
func writeShapes(to folder: String, train: Int = 4, validation: Int = 2) throws {
    var settings = ShapeSampleSet.Settings()
    settings.trainImages = train
    settings.validationImages = validation
    try ShapeSampleSet(settings: settings).write(to: folder, replacing: true)
}

extension XCTestCase {
    /// A folder of images of noise, three of 60 x 50 pixels for each of two classes in each of the parts train and val.
    func classFolders() throws -> String {
        let root = try temporaryDirectory()
        var random = SeededRandom(seed: 4, epoch: 0, index: 0)
        for part in ["train", "val"] {
            for name in ["cat", "dog"] {
                let place = "\(root)/\(part)/\(name)"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                for i in 0..<3 {
                    let pixels = (0..<60 * 50 * 3).map { _ in UInt8(random.integer(below: 256)) }
                    try ImageFile.writePNG(
                        ByteImage(width: 60, height: 50, channels: 3, pixels: pixels), to: "\(place)/\(i).png")
                }
            }
        }
        return root
    }

    /// A sample set of shapes, by default four images to train on and two to measure on.
    func fewShapes(train: Int = 4, validation: Int = 2) throws -> String {
        let folder = try temporaryDirectory() + "/samples"
        try writeShapes(to: folder, train: train, validation: validation)
        return folder
    }

    /// A recipe that trains a detector on the set of shapes in a folder; `rest` are its other sections.
    func recipe(
        training model: String, on root: String, settings: [String] = [], _ rest: String
    ) throws -> RecipeFile {
        try RecipeFile(
            text: """
                task: detection
                model: \(model)
                data:
                  root: \(root)
                  format: coco
                  train: {annotations: coco/annotations/instances_train.json, images: coco/images}
                  val: {annotations: coco/annotations/instances_val.json, images: coco/images}
                \(rest)
                """, path: "test.yaml", settings: settings)
    }
    /// A recipe that trains a classifier of 32 pixels on a folder of class folders; `model` is the section's inside, `training`
    /// what it says beside the schedule.
    func recipe(
        classifier model: String, on folder: String, settings: [String] = [], training: String
    ) throws -> RecipeFile {
        try RecipeFile(
            text: """
                task: classification
                model: {\(model)}
                data: {root: \(folder), format: folder}
                input: {side: 32}
                training: {schedule: constant, \(training)}
                """, path: "test.yaml", settings: settings)
    }
}
