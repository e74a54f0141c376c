import Annotations
import XCTest

final class ImagePathIndexTests: XCTestCase {
    private func index(_ names: [String]) -> ImagePathIndex {
        ImagePathIndex(
            DetectionAnnotations(
                source: "made", classNames: ["a"],
                images: names.enumerated().map { ImageRecord(id: 10 + $0, fileName: $1, width: 4, height: 4) }))
    }

    func testTheLongestEndOfThePathDecides() throws {
        let index = index(["a/0.jpg", "b/0.jpg", "0.jpg", "deep/a/0.jpg", "1.jpg"])
        XCTAssertEqual(
            try ["/data/a/0.jpg", "b/0.jpg", "/data/c/0.jpg", "x/deep/a/0.jpg", "0.jpg", "anywhere/1.jpg", "1.png"].map(
                index.imageID), [10, 11, 12, 13, 12, 14, 14])
    }

    func testWhatIsUnknownOrUndecidedIsRefused() {
        let index = index(["a/0.jpg", "b/0.jpg"])
        for (path, says) in [
            ("c/0.jpg", "made: several images are called 0.jpg."),
            ("xa/0.jpg", "made: several images are called 0.jpg."),
            ("a/2.jpg", "made: none of its images is called 2.jpg."),
        ] {
            XCTAssertThrowsError(try index.imageID(of: path)) { XCTAssertTrue("\($0)".hasPrefix(says), "\($0)") }
        }
    }
}
