import Support
import XCTest

final class FilePathTests: XCTestCase {
    func testAnAbsolutePathIsTakenAsItIs() {
        XCTAssertEqual(FilePath.joined("b/c.txt", to: "a"), "a/b/c.txt")
        XCTAssertEqual(FilePath.joined("/b/c.txt", to: "a"), "/b/c.txt")
        XCTAssertEqual(FilePath.joined("", to: "a"), "a/")
    }

    /// `NSString.deletingLastPathComponent` ends the process on the first of them.
    func testFolders() {
        for (path, folder) in [
            ("a", ""), ("", ""), ("/", "/"), ("/a", "/"), ("//a", "/"), ("a/b", "a"), ("a//b/", "a"),
            ("/a/b/c", "/a/b"),
            ("./x", "."), ("é/\u{301}", "é"),
        ] { XCTAssertEqual(FilePath.folder(of: path), folder, path) }
    }

    func testNamesAndEndings() {
        for (path, stem, ending, name) in [
            ("a/b.jpg", "a/b", ".jpg", "b.jpg"), ("a.b/c", "a.b/c", "", "c"), (".x", ".x", "", ".x"),
            ("a/.x", "a/.x", "", ".x"), ("a.tar.gz", "a.tar", ".gz", "a.tar.gz"), ("", "", "", ""),
            ("a.", "a", ".", "a."),
            ("é.jpg", "é", ".jpg", "é.jpg"), ("a/b/", "a/b/", "", "b"),
        ] {
            XCTAssertEqual(FilePath.withoutEnding(path), stem)
            XCTAssertEqual(FilePath.ending(of: path), ending)
            XCTAssertEqual(FilePath.name(of: path), name)
        }
    }
}
