import Annotations
import Doctor
import Foundation
import Media
import TestSupport
import XCTest

final class FileNameGuessTests: XCTestCase {
    /// Each name with the picture that is there, and the change that the doctor must name; nil where none finds it.
    func testTheLeastChangeIsNamed() throws {
        let cases: [(name: String, picture: String, words: String?)] = [
            ("a%2Fb.png", "a/b.png", "data.path_percent: true (--path-percent)"),
            (#"x\y\z.png"#, "x/y/z.png", "data.path_backslashes: true (--path-backslashes)"),
            (
                #"x%20y\z.png"#, "x y/z.png",
                "data.path_percent: true, data.path_backslashes: true (--path-percent --path-backslashes)"
            ),
            (
                #"D:\set\img\q.png"#, "img/q.png",
                "data.path_backslashes: true, data.path_prefix: {from: 'D:/set/', to: ''} "
                    + "(--path-backslashes --path-prefix 'D:/set/=')"
            ),
            ("images/p.png", "p.png", "data.path_prefix: {from: 'images/', to: ''} (--path-prefix 'images/=')"),
            ("old/p.png", "new/p.png", "data.path_prefix: {from: 'old/', to: 'new/'} (--path-prefix 'old/=new/')"),
            ("../p.png", "p.png", "data.path_prefix: {from: '../', to: ''} (--path-prefix '../=')"),
            ("p.png", "other.png", nil),
        ]
        let image = ByteImage(width: 4, height: 4, channels: 3)
        for (name, picture, words) in cases {
            let folder = try temporaryDirectory()
            let path = "\(folder)/images/\(picture)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try ImageFile.writePNG(image, to: path)
            let text = name.replacingOccurrences(of: "\\", with: "\\\\")
            try Data(
                "{\"images\": [{\"id\": 1, \"file_name\": \"\(text)\"}], \"annotations\": [], \"categories\": []}".utf8
            ).write(to: URL(fileURLWithPath: folder + "/gt.json"))
            let report = DatasetDoctor.check(coco: folder + "/gt.json", imageFolder: folder + "/images")
            let found = report.findings.filter { $0.kind == .changedFileNames }
            XCTAssertEqual(found.count, words == nil ? 0 : 1, name)
            if let words, let problem = found.first?.problem {
                XCTAssertTrue(
                    problem.contains("1 of the 1 pictures that are not found would be with \(words), such as"), problem)
            }
            let skipped = DatasetDoctor.check(
                coco: folder + "/gt.json", imageFolder: folder + "/images", options: .init(pictures: .skip))
            if RelativePath.staysInside(name) {
                XCTAssertEqual(skipped.count(of: .changedFileNames), 0, "not looked for")
            }
        }
    }
}
