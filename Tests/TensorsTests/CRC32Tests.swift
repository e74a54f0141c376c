import Foundation
import Tensors
import TestSupport
import XCTest

final class CRC32Tests: XCTestCase {
    func testBytesInPartsAreBytesTogether() {
        var whole = CRC32(), parts = CRC32()
        XCTAssertEqual(whole.digits, "00000000")
        whole.add("123456789")
        XCTAssertEqual(whole.digits, "cbf43926")
        for part in ["1234", "", "56789"] { parts.add(part) }
        XCTAssertEqual(parts.digits, "cbf43926")
    }

    func testAFileOfSeveralBuffers() throws {
        let path = try temporaryDirectory() + "/file"
        let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        var checksum = CRC32()
        bytes.withUnsafeBytes { checksum.add($0) }
        let found = try CRC32.ofFile(path)
        XCTAssertEqual(found.bytes, 3_000_001)
        XCTAssertEqual(found.digits, checksum.digits)
    }

    func testWhatIsNoFile() throws {
        let folder = try temporaryDirectory()
        XCTAssertThrowsError(try CRC32.ofFile(folder))
        XCTAssertThrowsError(try CRC32.ofFile(folder + "/nothing"))
        XCTAssertThrowsError(try CRC32.ofFile("/dev/zero"))
    }
}
