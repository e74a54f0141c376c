import Annotations
import Foundation
import XCTest

final class FileNameMapTests: XCTestCase {
    func testEachRuleAloneAndAllOfThem() {
        let windows = #"C:\data\my%20set\a.jpg"#
        let cases: [(FileNameMap, String, String)] = [
            (FileNameMap(), windows, windows),
            (FileNameMap(decodesPercent: true), windows, #"C:\data\my set\a.jpg"#),
            (FileNameMap(decodesPercent: true), "100%.jpg", "100%.jpg"),
            (FileNameMap(decodesPercent: true), "caf%C3%A9.jpg", "café.jpg"),
            (FileNameMap(readsBackslashes: true), windows, "C:/data/my%20set/a.jpg"),
            (FileNameMap(prefixes: [.init(from: #"C:\data\"#)]), windows, #"my%20set\a.jpg"#),
            (FileNameMap(prefixes: [.init(from: "D:"), .init(from: "C:", to: "x"), .init(from: "C:")]), "C:a", "xa"),
            (FileNameMap(prefixes: [.init(from: "", to: "train/")]), "a.jpg", "train/a.jpg"),
            (FileNameMap(prefixes: [.init(from: "/data/")]), "/other/a.jpg", "/other/a.jpg"),
            (
                FileNameMap(
                    prefixes: [.init(from: #"C:\data\my set\"#, to: "images/")], decodesPercent: true,
                    readsBackslashes: true),
                windows, "images/a.jpg"
            ),
            (FileNameMap(prefixes: [.init(from: "C:/data/")], readsBackslashes: true), windows, "my%20set/a.jpg"),
        ]
        for (map, name, path) in cases { XCTAssertEqual(map.path(of: name), path, "\(map)") }
        XCTAssertTrue(FileNameMap().isIdentity)
        XCTAssertFalse(FileNameMap(readsBackslashes: true).isIdentity)
    }

    func testItSurvivesJSON() throws {
        let map = FileNameMap(prefixes: [.init(from: "a", to: "b"), .init(from: "c")], decodesPercent: true)
        XCTAssertEqual(try JSONDecoder().decode(FileNameMap.self, from: JSONEncoder().encode(map)), map)
    }
}
