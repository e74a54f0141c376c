import Foundation
import Support
import TestSupport
import XCTest

final class TextFileTests: XCTestCase {
    private func error(_ bytes: [UInt8]) -> String {
        do {
            return "read: " + (try TextFile.text(of: bytes, path: "list.txt"))
        } catch { return "\(error)" }
    }

    private func utf16(_ text: String, bigEndian: Bool = false) -> [UInt8] {
        text.utf16.flatMap { unit -> [UInt8] in
            let bytes = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
            return bigEndian ? bytes.reversed() : bytes
        }
    }

    func testUTF8IsReadWithAndWithoutAMark() throws {
        XCTAssertEqual(error(Array("né\r\nb\n".utf8)), "read: né\r\nb\n")
        XCTAssertEqual(error([0xEF, 0xBB, 0xBF] + Array("né\n".utf8)), "read: né\n")
        XCTAssertEqual(error([]), "read: ")
        // A mark further on is a character as any other.
        XCTAssertEqual(error(Array("a\u{FEFF}".utf8)), "read: a\u{FEFF}")
        let path = try temporaryDirectory() + "/list.txt"
        try Data("né".utf8).write(to: URL(fileURLWithPath: path))
        XCTAssertEqual(try TextFile.read(path), "né")
    }

    func testUTF16OfExcelIsNamed() {
        for (bytes, name) in [
            (utf16WithMark("label,youtube_id\r\n"), "UTF-16"), (utf16("\u{FEFF}label", bigEndian: true), "UTF-16"),
            (utf16("label,youtube_id\r\n"), "UTF-16LE"), (utf16("label,youtube_id\r\n", bigEndian: true), "UTF-16BE"),
            ([0xFF, 0xFE, 0, 0, 0x41, 0, 0, 0], "UTF-32"),
        ] {
            XCTAssertTrue(error(bytes).hasPrefix("list.txt: it is \(name) text"), error(bytes))
            XCTAssertTrue(error(bytes).contains("Save it as UTF-8 (in Excel, \"CSV UTF-8\"), or run: iconv -f \(name)"))
        }
    }

    func testLatin1IsNamedWithItsLineAndWord() {
        let bytes = Array("a,b\r\nx,".utf8) + [0x63, 0x61, 0x66, 0xE9, 0x2C, 0x0A]
        XCTAssertEqual(
            error(bytes),
            "list.txt, line 2: it holds the byte 0xE9, so it looks like Latin-1 (Windows-1252), in which \"café\" stands "
                + "there, and not UTF-8. Save it as UTF-8 (in Excel, \"CSV UTF-8\"), or run: iconv -f WINDOWS-1252 -t UTF-8."
        )
        XCTAssertTrue(error([0x61, 0x0D, 0x62, 0x0D, 0x85]).hasPrefix("list.txt, line 3: it holds the byte 0x85"))
        // UTF-8 that is cut inside of a character.
        XCTAssertTrue(error([0x61, 0x0A, 0xC3]).hasPrefix("list.txt, line 2: it holds the byte 0xC3"))
    }

    func testWhatIsNoText() throws {
        XCTAssertTrue(error(Array("PK\u{3}\u{4}rest".utf8)).contains("ZIP archive, as Excel's .xlsx is"))
        XCTAssertTrue(error([0x61, 0x0A, 0, 0x62, 0x63]).hasPrefix("list.txt, line 2: it holds a zero byte"))
        let folder = try temporaryDirectory()
        func problem(_ path: String) -> String {
            do {
                return try TextFile.read(path)
            } catch { return error.problem }
        }
        XCTAssertEqual(problem(folder), "it is a folder")
        XCTAssertEqual(problem(folder + "/none"), "there is no such file")
        XCTAssertEqual(problem(folder + "\0/none"), "there is no such file")
        XCTAssertEqual(mkfifo(folder + "/pipe", 0o600), 0)
        XCTAssertEqual(problem(folder + "/pipe"), "it is a device or a pipe, not a file")
        try Data(count: 11).write(to: URL(fileURLWithPath: folder + "/large"))
        XCTAssertThrowsError(try TextFile.bytes(folder + "/large", maximum: 10)) {
            XCTAssertTrue("\($0)".contains("11 bytes are more than the 10"), "\($0)")
        }
    }

    func testTheFirstInvalidByte() {
        XCTAssertNil(TextFile.firstInvalidByte(Array("aé😀".utf8)[...]))
        let bytes: [UInt8] = [0x41, 0xC3, 0xA9, 0xED, 0xA0, 0x80]
        XCTAssertEqual(TextFile.firstInvalidByte(bytes[...]), 3)
        XCTAssertEqual(TextFile.firstInvalidByte(bytes[2...]), 2)
    }
}
