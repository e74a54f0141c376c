import Serving
import XCTest

final class UploadFormTests: XCTestCase {
    private func files(_ body: String, _ type: String = "multipart/form-data; boundary=xyz") throws -> [String] {
        try UploadForm(type).files(in: Array(body.utf8), name: "bare", limit: 3).map {
            "\($0.name)=\(String(decoding: $0.bytes, as: UTF8.self))"
        }
    }

    private func part(_ disposition: String, _ content: String) -> String {
        "--xyz\r\nContent-Disposition: form-data; \(disposition)\r\nContent-Type: image/png\r\n\r\n\(content)\r\n"
    }

    func testABodyIsAFile() throws {
        for type in ["image/jpeg", "video/mp4", "application/octet-stream", "application/x-www-form-urlencoded"] {
            XCTAssertEqual(try files("abc", type), ["bare=abc"], type)
        }
        XCTAssertEqual(try UploadForm(nil), .bare)
        XCTAssertEqual(try UploadForm("Multipart/Form-Data; charset=x; boundary=\"a b\""), .multipart(boundary: "a b"))
        for type in ["text/html", "application/json", "multipart/mixed; boundary=a"] {
            XCTAssertThrowsError(try UploadForm(type)) { XCTAssertTrue("\($0)".hasPrefix("415 "), "\($0)") }
        }
        for type in [
            "multipart/form-data", "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\(String(repeating: "a", count: 71))",
        ] {
            XCTAssertThrowsError(try UploadForm(type)) { XCTAssertTrue("\($0)".hasPrefix("400 "), "\($0)") }
        }
    }

    func testFilesOfAForm() throws {
        let field = "--xyz\r\nContent-Disposition: form-data; name=\"threshold\"\r\n\r\n0.3\r\n"
        let body =
            part("name=a; filename=\"a.png\"", "12\r\n--xy\r\n34") + field
            + part("name=b; filename=\"a \\\"b\\\"; c.png\"", "\r\n") + part("filename=plain.png; name=c", "--")
            + "--xyz--\r\nend"
        XCTAssertEqual(try files(body), ["a.png=12\r\n--xy\r\n34", "a \"b\"; c.png=\r\n", "plain.png=--"])
        XCTAssertEqual(
            try files("preamble\r\n--xyz  \r\nContent-Disposition: form-data; filename=\"\"\r\n\r\nx\r\n--xyz--"),
            ["upload=x"])
    }

    func testDamagedForms() throws {
        let whole = part("filename=a.png", "1234") + "--xyz--\r\n"
        for length in 0..<whole.utf8.count - 4 {
            XCTAssertThrowsError(
                try files(String(decoding: whole.utf8.prefix(length), as: UTF8.self)), "the first \(length) bytes"
            ) {
                XCTAssertTrue("\($0)".hasPrefix("400 the form "), "\($0)")
            }
        }
        // What stands before the damage is not taken alone.
        for length in 1..<whole.utf8.count - 4 {
            let second = String(decoding: whole.utf8.prefix(length), as: UTF8.self)
            XCTAssertThrowsError(try files(part("filename=b.png", "12") + second), "\(length) bytes of the second")
        }
        for (body, reason) in [
            ("--xyz--\r\n", "400 the form has no file"), (part("name=a", "1") + "--xyz--", "400 the form has no file"),
            (part("filename=a", "") + "--xyz--", "400 a: the file is empty"),
            (String(repeating: part("filename=a", "1"), count: 4) + "--xyz--", "413 the form has more than 3 files"),
            (
                "--xyz\r\n" + String(repeating: "a", count: 9000) + "\r\n\r\n1\r\n--xyz--",
                "400 the form has a part whose"
            ),
            ("nothing", "400 the form has no line with its boundary"),
        ] {
            XCTAssertThrowsError(try files(body), reason) { XCTAssertTrue("\($0)".hasPrefix(reason), "\($0)") }
        }
    }
}
