import Foundation
import Media
import TestSupport
import Workflows
import XCTest

final class ExplanationPictureTests: XCTestCase {
    private func explanation(_ folder: String, models: Int = 1) throws -> ImageExplanation {
        let path = try CornerClassifier.write(into: folder)
        let corner = try XCTUnwrap(NamedWeights("\(CornerClassifier.model)=\(path)"))
        return try ImageExplanation(checkpoints: [], weights: Array(repeating: corner, count: models), classChoice: "1")
    }

    private func warmth(_ image: ByteImage, _ x: Int, _ y: Int) -> Int { Int(image[x, y, 0]) - Int(image[x, y, 2]) }

    /// In the right one of the two pictures the corner is red and the rest blue; the left one is the image as it was.
    func testTheCornerThatANetworkLooksAtIsWarm() throws {
        let folder = try temporaryDirectory()
        let explanation = try explanation(folder)
        for (right, bottom) in [(true, true), (false, true), (true, false), (false, false)] {
            let path = folder + "/corner.png"
            try ImageFile.writePNG(
                CornerClassifier.picture(width: 480, height: 480, right: right, bottom: bottom), to: path)
            var found = try explanation.explain(path)
            var writer = try ExplanationWriter(folder: RunFolder(folder + "/\(right)\(bottom)"), images: [path])
            try writer.write(&found)
            XCTAssertEqual(try writer.finish(), [], "one image needs no overview")
            let drawn = try ImageFile.read(XCTUnwrap(found.picture))
            // Two cells of the image's own size, gaps of 8 around them, captions above.
            XCTAssertEqual(drawn.width, 2 * 480 + 3 * 8)
            let top = drawn.height - 8 - 480
            XCTAssertGreaterThan(top, 8)
            let (near, far) = (60, 420)
            for x in [near, far] {
                for y in [near, far] {
                    let isHot = (x == far) == right && (y == far) == bottom
                    let warmth = warmth(drawn, 480 + 16 + x, top + y)
                    XCTAssertTrue(isHot ? warmth > 60 : warmth < -30, "\(x), \(y) of \(right), \(bottom): \(warmth)")
                    XCTAssertLessThan(abs(self.warmth(drawn, 8 + x, top + y)), 12, "the image itself is grey")
                }
            }
        }
    }

    func testTinyPicturesAreEnlargedAndLargeOnesKeepTheirSize() throws {
        let folder = try temporaryDirectory()
        let explanation = try explanation(folder, models: 3)
        for (width, height, cell) in [(32, 32, 400), (700, 500, 700), (20, 400, 240)] {
            let path = "\(folder)/\(width).png"
            try ImageFile.writePNG(CornerClassifier.picture(width: width, height: height), to: path)
            var found = try explanation.explain(path)
            var writer = try ExplanationWriter(folder: RunFolder(folder + "/out"), images: [path])
            try writer.write(&found)
            let drawn = try ImageFile.header(XCTUnwrap(found.picture))
            XCTAssertEqual(drawn.width, 4 * (cell + 8) + 8, "\(width) x \(height)")
        }
    }

    /// Twenty rows to a page.
    func testSeveralImagesHaveAnOverview() throws {
        let folder = try temporaryDirectory()
        let explanation = try explanation(folder)
        let images = try (0..<21).map { i in
            let path = "\(folder)/\(i).png"
            try ImageFile.writePNG(CornerClassifier.picture(width: 32, height: 24), to: path)
            return path
        }
        var writer = try ExplanationWriter(folder: RunFolder(folder + "/out"), images: images)
        for image in images {
            var found = try explanation.explain(image)
            try writer.write(&found)
        }
        let pages = try writer.finish()
        XCTAssertEqual(pages.map { ($0 as NSString).lastPathComponent }, ["overview.jpg", "overview-2.jpg"])
        let heights = try pages.map { try ImageFile.header($0).height }
        XCTAssertEqual(heights[0] - 8, 20 * (heights[1] - 8))
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder + "/out").count, 23)
    }
}
