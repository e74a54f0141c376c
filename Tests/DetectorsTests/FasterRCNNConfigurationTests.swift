import Architectures
import Detectors
import Foundation
import XCTest

final class FasterRCNNConfigurationTests: XCTestCase {
    private func decode(_ json: String) throws -> FasterRCNNConfiguration {
        try JSONDecoder().decode(FasterRCNNConfiguration.self, from: Data(json.utf8))
    }

    func testNothingGivenIsTorchvisionsDefaults() throws {
        let configuration = try decode("{}")
        XCTAssertEqual(configuration, FasterRCNNConfiguration())
        XCTAssertEqual(configuration.minSizes, [800])
        XCTAssertEqual(configuration.rpnBatchSizePerImage, 256)
        XCTAssertEqual(configuration.boxRegressionWeights, [10, 10, 5, 5])
    }

    func testKeysAreTorchvisions() throws {
        let configuration = try decode(
            """
            {"min_sizes": [240], "rpn_batch_size_per_image": 128, "box_score_thresh": 0.02, "trainable_stages": 3,
             "normalization": "frozen_batch"}
            """)
        XCTAssertEqual(configuration.minSizes, [240])
        XCTAssertEqual(configuration.rpnBatchSizePerImage, 128)
        XCTAssertEqual(configuration.boxScoreThreshold, 0.02)
        XCTAssertEqual(configuration.trainableStages, 3)
        XCTAssertEqual(configuration.normalization, .frozenBatch)
        XCTAssertEqual(configuration.maxSize, 1333)
    }

    func testC4HasDefaultsOfItsOwn() throws {
        XCTAssertEqual(try decode(#"{"form": "c4"}"#), .c4)
        XCTAssertEqual(try decode(#"{"form": "c4", "anchor_sizes": [[64, 128, 256, 512]]}"#), .c4COCO)
        XCTAssertEqual(FasterRCNNConfiguration.c4.anchorSizes[0].count * 3, 9)
        XCTAssertEqual(FasterRCNNConfiguration.c4COCO.anchorSizes[0].count * 3, 12)
    }

    /// Every key, changed from its default, survives writing and reading.
    func testRoundTrip() throws {
        var configuration = FasterRCNNConfiguration.c4
        configuration.trainableStages = 2
        configuration.frozenBatchEpsilon = 0
        configuration.roiPooling = .pool
        let data = try JSONEncoder().encode(configuration)
        XCTAssertEqual(try JSONDecoder().decode(FasterRCNNConfiguration.self, from: data), configuration)
        let keys = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
        XCTAssertEqual(Set(keys), Set(FasterRCNNConfiguration.CodingKeys.allCases.map(\.rawValue)))
        for key in FasterRCNNConfiguration.CodingKeys.allCases {
            XCTAssertThrowsError(try decode(#"{"\#(key.rawValue)": {"no": "value"}}"#), key.rawValue)
        }
    }

    func testWhatCannotBeBuiltIsNamed() throws {
        let cases: [(String, (inout FasterRCNNConfiguration) -> Void)] = [
            ("anchor_sizes", { $0.anchorSizes = [[32]] }),
            ("anchor_sizes", { $0.anchorSizes = [[32], [64, 70], [128], [256], [512]] }),
            ("anchor_aspect_ratios", { $0.anchorAspectRatios = [] }),
            ("roi_pooling", { $0.roiPooling = .pool }),
            ("min_sizes", { $0.minSizes = [] }),
            ("image_std", { $0.imageStd = [1, 0, 1] }),
            ("trainable_stages", { $0.trainableStages = 6 }),
            ("rpn_nms_thresh", { $0.rpnNMSThreshold = 1.5 }),
            ("rpn_bg_iou_thresh", { $0.rpnBackgroundIoU = 0.9 }),
            ("box_batch_size_per_image", { $0.boxBatchSizePerImage = 0 }),
            ("bbox_reg_weights", { $0.boxRegressionWeights = [1, 1] }),
        ]
        let architecture = try Catalogue.architecture(named: "resnet18")
        for (key, change) in cases {
            var configuration = FasterRCNNConfiguration()
            change(&configuration)
            XCTAssertThrowsError(try FasterRCNN(configuration, backbone: architecture, classCount: 2), key) {
                XCTAssertEqual(($0 as? DetectorConfigurationError)?.key, key)
            }
        }
    }
}
