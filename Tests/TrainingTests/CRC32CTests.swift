import Training
import XCTest

final class CRC32CTests: XCTestCase {
    /// The values of RFC 3720, appendix B.4, and the usual one of nine digits.
    func testKnownValues() {
        XCTAssertEqual(CRC32C.checksum([]), 0)
        XCTAssertEqual(CRC32C.checksum(Array("123456789".utf8)), 0xE306_9283)
        XCTAssertEqual(CRC32C.checksum([UInt8](repeating: 0, count: 32)), 0x8A91_36AA)
        XCTAssertEqual(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)), 0x62A8_AB43)
        XCTAssertEqual(CRC32C.checksum(Array(0..<32)), 0x46DD_794E)
    }

    /// How every file of events begins that TensorFlow and PyTorch write: a record of 24 bytes.
    func testTheMaskedChecksumOfALength() {
        XCTAssertEqual(CRC32C.masked([24, 0, 0, 0, 0, 0, 0, 0]), 0x224B_7FA3)
    }
}
