import Foundation
import TestSupport
import Workflows
import XCTest

final class ClassChoiceTests: XCTestCase {
    private func index(_ text: String, _ names: [String], isNamed: Bool = true) -> String {
        do {
            return String(try ClassChoice(text).index(in: names, isNamed: isNamed, model: "net"))
        } catch { return "\(error)" }
    }

    func testANameComesBeforeANumber() {
        XCTAssertEqual(index("dog", ["cat", "dog"]), "1")
        XCTAssertEqual(index("1", ["cat", "dog"]), "1")
        XCTAssertEqual(index("0", ["2", "1", "0"]), "2", "digits may be names")
    }

    func testWhatIsNoClassIsNamed() {
        XCTAssertEqual(index("dot", ["cat", "dog"]), "--class dot: net knows no such class; did you mean \"dog\"?")
        XCTAssertEqual(index("2", ["cat", "dog"]), "--class 2: the classes of net are 0…1")
        XCTAssertEqual(index("-1", ["cat", "dog"]), "--class -1: the classes of net are 0…1")
        XCTAssertEqual(
            index("crane", ["crane", "tench", "crane"]),
            "--class crane: net has 2 classes of that name; give a number instead: 0, 2")
        XCTAssertEqual(
            index("cat", ["class 0", "class 1"], isNamed: false),
            "--class cat: the weights of net don't say what its classes are called; name a file with --classes, or give "
                + "a number in 0…1")
    }

    func testFilesOfNames() throws {
        let path = try temporaryDirectory() + "/names.txt"
        try Data(" tench, Tinca tinca\r\ngoldfish \n\n".utf8).write(to: URL(fileURLWithPath: path))
        XCTAssertEqual(try ClassNamesFile(path).names, ["tench, Tinca tinca", "goldfish"])
        for (bytes, reason) in [
            (Data([0xFF, 0xFE, 0x41]), "UTF-16"), (Data([0x63, 0x61, 0x66, 0xE9]), "caf\u{E9}"),
            (Data("\n \n".utf8), "holds no names"),
        ] {
            try bytes.write(to: URL(fileURLWithPath: path))
            XCTAssertThrowsError(try ClassNamesFile(path)) { XCTAssertTrue("\($0)".contains(reason), "\($0)") }
        }
        XCTAssertThrowsError(try ClassNamesFile("/nowhere")) { XCTAssertTrue("\($0)".hasPrefix("/nowhere: "), "\($0)") }
    }
}
