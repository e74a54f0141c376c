import Annotations
import Architectures
import Detectors
import NN
import Tensors
import TestSupport
import Workflows
import XCTest

/// A training that starts from a head with other classes, among them those of the data.
final class HeadRowsTests: XCTestCase {
    private func model(_ weights: String, classes: [String], _ settings: [String] = []) throws -> DetectorModel {
        let file = try RecipeFile(
            text: """
                task: detection
                model:
                  backbone: resnet18
                  weights: \(weights)
                  faster_rcnn: {pyramid_channels: 8, box_head_features: 8}
                data: {format: voc, train: {split: train}}
                """, path: "test.yaml", settings: settings)
        return try DetectorModel(recipe: file.decode(DetectionRecipe.self), file: file, classNames: classes)
    }

    private func saved(classes: Int, frozen: Bool = false) throws -> (path: String, state: [String: Tensor]) {
        var configuration = FasterRCNNConfiguration()
        configuration.pyramidChannels = 8
        configuration.boxHeadFeatures = 8
        configuration.normalization = frozen ? .frozenBatch : .batch
        let state = try FasterRCNN(
            configuration, backbone: Catalogue.architecture(named: "resnet18"), classCount: classes
        ).stateDict()
        let path = try temporaryDirectory() + "/coco.pth"
        try WeightsFile.write(state, to: path)
        return (path, Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.tensor) }))
    }

    private let head = "roi_heads.box_predictor."

    func testCOCOsEightyClassesAreTakenFromNinetyOutputs() throws {
        let (path, state) = try saved(classes: 90)
        let model = try model(path, classes: ClassNameList.cocoNames)
        let start = try XCTUnwrap(model.start)
        XCTAssertTrue(start.fit.isComplete, start.summary)
        XCTAssertTrue(start.summary.contains("the data's 80 classes are among the file's 80"), start.summary)
        let own = Dictionary(uniqueKeysWithValues: model.detector.stateDict().map { ($0.name, $0.tensor) })
        for (name, each) in [
            ("cls_score.weight", 1), ("cls_score.bias", 1), ("bbox_pred.weight", 4), ("bbox_pred.bias", 4),
        ] {
            let here = try XCTUnwrap(own[head + name]), there = try XCTUnwrap(state[head + name])
            let width = here.shape.count == 2 ? here.shape[1] : 1
            let a = here.array(Float.self), b = there.array(Float.self)
            // The background, person (1), stop sign (13 of COCO's ids, the 12th class) and toothbrush (90, the 80th).
            for (row, id) in [(0, 0), (1, 1), (12, 13), (80, 90)] {
                XCTAssertEqual(
                    Array(a[row * each * width..<(row + 1) * each * width]),
                    Array(b[id * each * width..<(id + 1) * each * width]), "\(name), \(id)")
            }
        }
    }

    func testASubsetInAnotherOrder() throws {
        let (path, state) = try saved(classes: 90)
        let model = try model(path, classes: ["dog", "person"])
        let own = try XCTUnwrap(model.detector.stateDict().first { $0.name == head + "cls_score.bias" }).tensor
        let all = try XCTUnwrap(state[head + "cls_score.bias"]).array(Float.self)
        XCTAssertEqual(own.array(Float.self), [all[0], all[18], all[1]])
    }

    /// A class that the file doesn't know: then nothing is mixed.
    func testAStrangeClassMakesTheHeadFresh() throws {
        let start = try XCTUnwrap(model(saved(classes: 90).path, classes: ["person", "drone"]).start)
        XCTAssertTrue(start.summary.contains("the file has 90 classes and the data have 2"), start.summary)
    }

    func testFrozenNormsAreSaid() throws {
        let (path, _) = try saved(classes: 90, frozen: true)
        func summary(_ settings: String...) throws -> String {
            try XCTUnwrap(model(path, classes: ClassNameList.cocoNames, settings).start).summary
        }
        XCTAssertTrue(try summary().contains("{normalization: frozen_batch, frozen_batch_epsilon: 0}"))
        XCTAssertFalse(
            try summary("model.faster_rcnn.normalization=frozen_batch", "model.faster_rcnn.frozen_batch_epsilon=0")
                .contains(
                    "frozen_batch_epsilon"))
    }
}
