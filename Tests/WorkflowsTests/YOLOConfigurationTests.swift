import Annotations
import Support
import TestSupport
import Workflows
import XCTest

final class YOLOConfigurationTests: XCTestCase {
    private func read(_ yaml: String, _ folder: String) throws -> DetectionSet {
        try DetectionSetFiles.write(
            ["data.yaml": yaml], pictures: ["images/train/a.jpg": ImageSize(width: 10, height: 10)], to: folder)
        return try DetectionSet.read(folder)
    }

    func testNamesAsListAndAsMap() throws {
        let folder = try temporaryDirectory()
        for names in ["[cat, dog]", "\n  - cat\n  - dog", "\n  1: dog\n  0: cat", "{0: cat, 1: dog}"] {
            let set = try read("train: images/train\nnc: 2\nnames: \(names)\n", folder)
            XCTAssertEqual(set.classNames, ["cat", "dog"], names)
        }
    }

    /// A set is found in its own folder, where `path` says, and where Roboflow's paths would lead.
    func testWhereThePicturesAre() throws {
        let folder = try temporaryDirectory()
        for places in [
            "train: images/train", "path: .\ntrain: images/train", "path: /nowhere/else\ntrain: images/train",
            "path: \(folder)\ntrain: images/train/", "train: \(folder)/images/train", "train: ../images/train",
            "train: [images/train]",
        ] {
            let set = try read(places + "\nval:\nnames: [cat]\n", folder)
            XCTAssertEqual(set.parts.map(\.name), ["train"], places)
            XCTAssertEqual(set.imageCount, 1, places)
        }
    }

    func testMistakesNameTheirLine() throws {
        let folder = try temporaryDirectory()
        for (yaml, words) in [
            ("train: images/train\nnames: [cat\nx: 1", "data.yaml:"),
            ("- a", "data.yaml: a data.yaml is made of keys and values, and this is a list"),
            ("train: images/train", "data.yaml: it has no names"),
            ("names: [cat]", "data.yaml: it names no pictures"),
            ("train: images/trian\nnames: [cat]", "data.yaml:1: train is images/trian, and there is no"),
            ("names: [cat]\ntrain: {a: b}", "data.yaml:2: train is a section"),
            ("train: images/train\nnames: [cat, cat]", "data.yaml:2: two classes are called cat"),
            ("train: images/train\nnames: cat", "data.yaml:2: names is 'cat'; write a list"),
            ("train: images/train\nnames: [[a]]", "data.yaml:2: a class's name is a list"),
            ("train: images/train\nnames:\n  0: cat\n  2: dog", "data.yaml:4: class 1 has no name"),
            ("train: images/train\nnames:\n  zero: cat", "data.yaml:3: 'zero' is no index of a class"),
            ("train: images/train\nnc: 3\nnames: [cat]", "data.yaml:2: nc is 3, and names has 1"),
        ] {
            XCTAssertThrowsError(try read(yaml, folder), yaml) {
                XCTAssertTrue("\($0)".contains(words), "\(yaml): \($0)")
            }
        }
        try DetectionSetFiles.write(["data.yaml": ""], to: folder)
        XCTAssertThrowsError(try DetectionSet.read(folder))
    }
}
