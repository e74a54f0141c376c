import TestSupport
import Training
import XCTest

final class ProtobufMessageTests: XCTestCase {
    /// The examples of the format's own documentation: field 1 is 150, field 2 is "testing".
    func testTheFormatsOwnExamples() {
        var number = ProtobufMessage()
        number.add(1, integer: 150)
        XCTAssertEqual(number.bytes, [0x08, 0x96, 0x01])
        var text = ProtobufMessage()
        text.add(2, text: "testing")
        XCTAssertEqual(text.bytes, [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67])
        var outer = ProtobufMessage()
        outer.add(3, message: number)
        XCTAssertEqual(outer.bytes, [0x1A, 0x03, 0x08, 0x96, 0x01])
    }

    func testEveryFieldIsReadBack() throws {
        var message = ProtobufMessage()
        for (field, value) in [(1, Int64(0)), (2, -1), (3, .max), (4, .min), (5, 127), (6, 128)] {
            message.add(field, integer: value)
        }
        message.add(7, double: -0.1)
        message.add(8, float: 3.25)
        message.add(9, bytes: [UInt8](repeating: 7, count: 300))
        message.add(100, packed: [1, -2])
        let fields = try XCTUnwrap(ProtobufFields(message.bytes))
        XCTAssertEqual((1...6).map { fields.integer($0) }, [0, -1, .max, .min, 127, 128])
        XCTAssertEqual(fields.double(7), -0.1)
        XCTAssertEqual(fields.float(8), 3.25)
        XCTAssertEqual(fields.bytes(9)?.count, 300)
        XCTAssertEqual(fields.bytes(100), [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    }
}
