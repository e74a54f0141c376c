import Architectures
import Detectors
import Foundation
import XCTest

final class SSDConfigurationTests: XCTestCase {
    private func decode(_ json: String) throws -> SSDConfiguration {
        try JSONDecoder().decode(SSDConfiguration.self, from: Data(json.utf8))
    }

    func testNothingGivenIsThePaper() throws {
        let configuration = try decode("{}")
        XCTAssertEqual(configuration, .ssd300)
        XCTAssertEqual(configuration.scales, [21, 45, 99, 153, 207, 261, 315])
        XCTAssertEqual(configuration.aspectRatios, [[2], [2, 3], [2, 3], [2, 3], [2], [2]])
        XCTAssertEqual(configuration.variant.steps, [8, 16, 32, 64, 100, 300])
        XCTAssertEqual(configuration.boxRegressionWeights, [1 / 0.1, 1 / 0.1, 1 / 0.2, 1 / 0.2])
        XCTAssertEqual(configuration.nmsThreshold, 0.45)
        XCTAssertEqual(configuration.detectionsPerImage, 200)
    }

    func testEveryKeyIsRead() throws {
        for key in SSDConfiguration.CodingKeys.allCases {
            XCTAssertThrowsError(try decode(#"{"\#(key.rawValue)": {"no": "value"}}"#), key.rawValue)
        }
        let configuration = try decode(
            #"{"score_thresh": 0.2, "topk_candidates": 50, "normalization": "frozen_batch", "trainable_stages": 2}"#)
        XCTAssertEqual(configuration.scoreThreshold, 0.2)
        XCTAssertEqual(configuration.candidatesPerClass, 50)
        XCTAssertEqual(configuration.normalization, .frozenBatch)
        XCTAssertEqual(configuration.trainableStages, 2)
    }

    func testWhatCannotBeBuiltIsNamed() throws {
        let cases: [(String, (inout SSDConfiguration) -> Void)] = [
            ("scales", { $0.scales = [21, 45] }), ("scales", { $0.scales[3] = 20 }),
            ("aspect_ratios", { $0.aspectRatios = [[2]] }), ("aspect_ratios", { $0.aspectRatios[0] = [1] }),
            ("image_mean", { $0.imageMean = [0] }), ("image_std", { $0.imageStd = [1, 0, 1] }),
            ("trainable_stages", { $0.trainableStages = 5 }), ("iou_thresh", { $0.iouThreshold = 1.5 }),
            ("negatives_per_positive", { $0.negativesPerPositive = -1 }),
            ("min_negatives_per_image", { $0.minNegativesPerImage = -1 }),
            ("topk_candidates", { $0.candidatesPerClass = 0 }), ("detections_per_img", { $0.detectionsPerImage = 0 }),
            ("bbox_reg_weights", { $0.boxRegressionWeights = [1, 1] }), ("nms_thresh", { $0.nmsThreshold = -1 }),
            ("score_thresh", { $0.scoreThreshold = 2 }), ("frozen_batch_epsilon", { $0.frozenBatchEpsilon = -1 }),
        ]
        let architecture = try Catalogue.architecture(named: "resnet18")
        for (key, change) in cases {
            var configuration = SSDConfiguration.ssd300
            change(&configuration)
            XCTAssertThrowsError(try SSDPlan(configuration, backbone: architecture), key) {
                XCTAssertEqual(($0 as? DetectorConfigurationError)?.key, key)
                XCTAssertTrue("\($0)".hasPrefix("SSD: \(key): "), "\($0)")
            }
        }
    }
}
