import Annotations
import Benchmarks
import Evaluation
import Foundation
import TestSupport
import XCTest

final class DrawnCOCOTests: XCTestCase {
    func testTheFilesAreCOCOsAndAlwaysTheSame() throws {
        let folders = [try temporaryDirectory(), try temporaryDirectory()]
        for folder in folders { try DrawnCOCO.write(to: folder, images: 50) }
        for name in ["gt.json", "dt.json"] {
            let texts = try folders.map { try Data(contentsOf: URL(fileURLWithPath: "\($0)/\(name)")) }
            XCTAssertEqual(texts[0], texts[1])
        }
        let truth = try COCO.readInstances(folders[0] + "/gt.json")
        XCTAssertEqual(truth.imageIDs.count, 50)
        let results = try COCO.readResults(folders[0] + "/dt.json")
        // Detections near the objects are found, and others are not.
        let ap = try COCOEvaluation.evaluate(groundTruth: truth, results: results).ap
        XCTAssertGreaterThan(ap, 0.02)
        XCTAssertLessThan(ap, 0.9)
    }

    func testAnotherSeedDrawsOtherObjects() throws {
        let folders = [try temporaryDirectory(), try temporaryDirectory()]
        for (seed, folder) in folders.enumerated() { try DrawnCOCO.write(to: folder, images: 3, seed: UInt64(seed)) }
        let texts = try folders.map { try Data(contentsOf: URL(fileURLWithPath: "\($0)/gt.json")) }
        XCTAssertNotEqual(texts[0], texts[1])
    }
}
