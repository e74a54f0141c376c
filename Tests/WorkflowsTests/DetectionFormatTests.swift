import Annotations
import Foundation
import Support
import TestSupport
import Workflows
import XCTest

final class DetectionFormatTests: XCTestCase {
    private let voc = "<annotation/>"
    private let coco = #"{"images": [], "annotations": [], "categories": []}"#

    func testFormatsAreRecognizedFromFolders() throws {
        for (files, format) in [
            (["annotations/instances_train.json"], DetectionFormat.coco), (["train/_annotations.coco.json"], .coco),
            (["_annotations.coco.json"], .coco), (["result.json", "images/a.txt"], .coco),
            (["annotations/instances_default.json", "images/default/a"], .coco), (["data.yaml"], .yolo),
            (["classes.txt", "labels/a.txt"], .yolo), (["labels/classes.txt", "labels/a.txt"], .yolo),
            (["classes.txt", "a.txt"], .yolo), (["Annotations/a.xml"], .voc), (["a.xml", "a.jpg"], .voc),
            (["a.xml", "classes.txt"], .voc), (["train/a.xml", "valid/b.xml"], .voc),
            (["VOC2007/ImageSets/Main/train.txt", "VOC2007/Annotations/a.xml"], .voc), (["boxes.csv"], .csv),
            (["train/_annotations.csv"], .csv), (["boxes.csv", "classes.txt"], .csv),
        ] {
            try withTemporaryFolder { folder in
                let texts = files.map { ($0, $0.hasSuffix("xml") ? voc : $0.hasSuffix("json") ? coco : "x") }
                try DetectionSetFiles.write(Dictionary(uniqueKeysWithValues: texts), to: folder)
                XCTAssertEqual(try DetectionFormat.recognized(at: folder), format, "\(files)")
            }
        }
    }

    func testWhatIsUnclearIsAsked() throws {
        for (files, words) in [
            (["data.yaml", "a.csv"], "may be YOLO or CSV; say which with --from yolo|csv"),
            (["notes.md"], "holds no data set that is known here"),
            (["first/data.yaml", "second/a.csv"], "holds data sets in folders; name one: first, second"),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(
                    Dictionary(uniqueKeysWithValues: files.map { ($0, "x") }), to: folder)
                XCTAssertThrowsError(try DetectionFormat.recognized(at: folder)) {
                    XCTAssertTrue("\($0)".contains(words), "\($0)")
                }
            }
        }
        XCTAssertThrowsError(try DetectionFormat.recognized(at: "nowhere")) {
            XCTAssertEqual("\($0)", "nowhere: there is no such file or folder")
        }
    }

    func testOptionsOfOtherFormatsAreRefused() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(["data.yaml": "x"], to: folder)
        for reading in [
            DetectionSet.Reading(imageFolder: folder), .init(fileNames: FileNameMap(decodesPercent: true)),
        ] {
            XCTAssertThrowsError(try DetectionSet.read(folder, reading)) {
                XCTAssertTrue("\($0)".contains("belong to COCO and CSV"), "\($0)")
            }
        }
    }
}
