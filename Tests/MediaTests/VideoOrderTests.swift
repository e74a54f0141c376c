import Media
import XCTest

/// The word by which an index keeps the order of a video's frames.
final class VideoOrderTests: XCTestCase {
    private func order(_ packets: [Int64]) -> VideoOrder { VideoOrder(key: 0x1F, packets: packets) }

    private let key = "000000000000001f"

    func testTheTextOfSomeOrders() {
        let orders: [(packets: [Int64], text: String)] = [
            ([0], "A"), ([0, 1, 2], "A3"), ([0, 2, 3, 1, 4], "ACAFE"), ([1, 3, 5, 7], "C4"),
            ([0, 100, 101], "A[198]A"),
        ]
        for (packets, text) in orders {
            XCTAssertEqual(order(packets).text, key + text)
            XCTAssertEqual(VideoOrder(text: key + text), order(packets), text)
        }
    }

    func testWhatIsNoOrder() {
        for text in [
            "", "A", key, key + "A0", key + "A1", key + "B", key + "[", key + "[x]A", key + "[3", key + "é",
            key + "A99999999999999999999", key + "A10000001", key + "[18446744073709551615]",
            key + "[18446744073709551614]A", "00000000000000zzA", "+00000000000001fA",
        ] {
            XCTAssertNil(VideoOrder(text: text), text)
        }
    }

    /// MPEG-2's packets are not looked into, so that all of them are decoded, once.
    func testAnOrderThatIsToldSparesTheDecoding() throws {
        let bytes = try VideoFixture(
            name: "MPEG-2", container: "matroska", codec: "mpeg2video", frames: 30, bFrames: 2
        ).bytes()
        let plain = SequentialDecode(bytes)
        let first = try VideoReader(bytes: bytes)
        XCTAssertTrue(first.isCounted)
        let order = try XCTUnwrap(first.order)
        XCTAssertEqual(order.packets.count, 30)
        XCTAssertNotEqual(order.packets, order.packets.sorted())
        var options = VideoOptions()
        options.order = try XCTUnwrap(VideoOrder(text: order.text))
        let second = try VideoReader(bytes: bytes, options: options)
        XCTAssertFalse(second.isCounted)
        XCTAssertEqual(second.order, order)
        XCTAssertEqual(second.frameCount, 30)
        for index in [17, 3, 29, 0, 12] {
            let same = try second.image(at: index).withUnsafeBytes { plain.isFrame(index, $0) }
            XCTAssertTrue(same, "frame \(index)")
        }
        // That of other packets, and one that makes no sense, are found anew.
        for wrong in [
            VideoOrder(key: order.key ^ 1, packets: order.packets),
            VideoOrder(key: order.key, packets: order.packets.map { _ in 0 }),
            VideoOrder(key: order.key, packets: order.packets.map { $0 + 1000 }),
            VideoOrder(key: order.key, packets: order.packets + [99]),
        ] {
            options.order = wrong
            let reader = try VideoReader(bytes: bytes, options: options)
            XCTAssertTrue(reader.isCounted)
            XCTAssertEqual(reader.order, order)
        }
        XCTAssertNil(
            try VideoReader(bytes: try VideoFixture(name: "a", container: "mp4", codec: "libx264").bytes()).order)
    }
}
