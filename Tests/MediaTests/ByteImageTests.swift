import Media
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
