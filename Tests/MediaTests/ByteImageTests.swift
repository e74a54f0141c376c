import Media
import Support
import XCTest

final class ByteImageTests: XCTestCase {
    func testCopiesShareUntilOneChanges() {
        let first = ByteImage(width: 4, height: 2, channels: 1, filledWith: 7)
        var second = first
        func address(_ image: ByteImage) -> UnsafeRawPointer? { image.withUnsafeBytes { $0.baseAddress } }
        XCTAssertEqual(address(first), address(second))
        second[3, 1] = 9
        XCTAssertNotEqual(address(first), address(second))
        XCTAssertEqual(first[3, 1], 7)
        XCTAssertEqual(second[3, 1], 9)
        let before = address(second)
        second[0, 0] = 1
        XCTAssertEqual(address(second), before, "the only owner changes in place")
    }

    /// A picture of more bytes than any machine has addresses for.
    func testAWantOfMemoryIsThrownWithWhatItWasFor() throws {
        let cases: [(String, () throws -> ByteImage)] = [
            ("a picture", { ByteImage(width: 1 << 26, height: 1 << 26, channels: 1) { _ in } }),
            ("a picture", { ByteImage(width: 1, height: 1).resized(width: 1 << 28, height: 1 << 28) }),
        ]
        for (purpose, make) in cases {
            XCTAssertThrowsError(try throwingWantOfMemory(make)) { error in
                guard let error = error as? OutOfMemory else { return XCTFail("\(error)") }
                XCTAssertTrue(error.operation.hasSuffix(" bytes for \(purpose)"), error.operation)
            }
        }
        XCTAssertEqual(try throwingWantOfMemory { ByteImage(width: 2, height: 3).byteCount }, 18)
    }

    func testPixelsAreRowsOfInterleavedChannels() {
        let image = ByteImage(width: 2, height: 2, pixels: Array(0..<12))
        XCTAssertEqual(image[1, 0, 2], 5)
        XCTAssertEqual(image[0, 1, 1], 7)
    }

    func testCropFlipPadAndOverlayByHand() {
        let image = ByteImage(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
        XCTAssertEqual(image.cropped(x: 1, y: 0, width: 2, height: 2).pixels, [2, 3, 5, 6])
        XCTAssertEqual(image.flippedHorizontally().pixels, [3, 2, 1, 6, 5, 4])
        XCTAssertEqual(image.flippedVertically().pixels, [4, 5, 6, 1, 2, 3])
        XCTAssertEqual(
            image.padded(left: 1, top: 1, right: 0, bottom: 1, fill: [9]).pixels,
            [9, 9, 9, 9, 9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9])
        let colour = ByteImage(width: 1, height: 1, pixels: [1, 2, 3])
        XCTAssertEqual(colour.padded(right: 1, fill: [7, 8, 9]).pixels, [1, 2, 3, 7, 8, 9])
        var canvas = ByteImage(width: 3, height: 2, channels: 1)
        canvas.overlay(image, x: -1, y: 1)
        XCTAssertEqual(canvas.pixels, [0, 0, 0, 2, 3, 0])
        canvas.overlay(image, x: 5, y: 5)
        XCTAssertEqual(canvas.pixels, [0, 0, 0, 2, 3, 0])
    }
}
