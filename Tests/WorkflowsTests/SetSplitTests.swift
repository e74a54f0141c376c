import Annotations
import TestSupport
import Workflows
import XCTest

final class SetSplitTests: XCTestCase {
    /// A set of images without files, each with objects of the classes given.
    private func set(_ labels: [[Int]]) throws -> DetectionSet {
        let images = labels.enumerated().map { i, labels in
            ImageRecord(
                id: i + 1, fileName: "\(i).jpg", width: 10, height: 10,
                objects: labels.enumerated().map { j, label in
                    ObjectRecord(id: 100 * i + j + 1, label: label, x: 0, y: 0, width: 1, height: 1)
                })
        }
        let annotations = DetectionAnnotations(source: "set", classNames: ["a", "b", "c"], images: images)
        return try DetectionSet(
            source: "set", format: .coco, parts: [.init(name: "train", annotations: annotations, folder: "set")])
    }

    private func names(_ part: DetectionSet.Part) -> [String] {
        (0..<part.annotations.imageCount).map(part.annotations.fileName)
    }

    /// A hundred images have the first class alone, twenty the second, ten the third and the first.
    func testEveryClassHasItsShare() throws {
        let labels = (0..<130).map { $0 % 13 == 0 ? [3, 1] : $0 % 13 < 3 ? [2] : [1] }
        let parts = try SetSplit(val: 0.2, test: 0.1, seed: 3).divided(set(labels)).parts
        XCTAssertEqual(parts.map(\.name), ["train", "val", "test"])
        XCTAssertEqual(parts.map(\.annotations.imageCount), [91, 26, 13])
        func count(_ part: DetectionSet.Part, _ label: Int32) -> Int { part.annotations.labels.count { $0 == label } }
        XCTAssertEqual(parts.map { count($0, 3) }, [7, 2, 1])
        XCTAssertEqual(parts.map { count($0, 2) }, [14, 4, 2])
        XCTAssertEqual(parts.map { count($0, 1) }, [77, 22, 11])
        XCTAssertEqual(Set(parts.flatMap(names)).count, 130, "every image is in one part")
        for part in parts {
            XCTAssertEqual(part.pictures, names(part).map { "set/" + $0 })
        }
    }

    func testTheSeedDecides() throws {
        let set = try set((0..<50).map { [$0 % 3 + 1] })
        func val(_ seed: UInt64) throws -> [String] {
            names(try SetSplit(val: 0.3, seed: seed).divided(set).parts[1])
        }
        XCTAssertEqual(try val(1), try val(1))
        XCTAssertNotEqual(try val(1), try val(2))
        XCTAssertEqual(try val(1).count, 15)
    }

    func testImagesWithoutObjectsAreDividedToo() throws {
        let parts = try SetSplit(val: 0.5, seed: 1).divided(set([[], [], [], [], [1], [1]])).parts
        XCTAssertEqual(parts.map { part in (0..<3).count { part.annotations.objects($0).isEmpty } }, [2, 2])
    }

    func testTooFewImages() throws {
        XCTAssertThrowsError(try SetSplit(val: 0.1, seed: 1).divided(set([[1], [2]]))) {
            XCTAssertTrue("\($0)".contains("set: has 2 images, too few for a part val"), "\($0)")
        }
    }
}
