import Annotations
import Doctor
import Foundation
import Media
import TestSupport
import XCTest

final class COCOExaminationTests: XCTestCase {
    /// Writes pictures of 40 × 30 and a COCO file that names images so, and examines them.
    private func check(
        pictures: [String], names: [String]? = nil, annotations: String? = nil,
        categories: String = #"{"id": 1, "name": "cat"}"#, fileNames: FileNameMap = FileNameMap(),
        options: DatasetDoctor.Options = .init()
    ) throws -> DoctorReport {
        let folder = try temporaryDirectory()
        let image = ByteImage(width: 40, height: 30, channels: 3)
        for name in pictures {
            let path = "\(folder)/images/\(name)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try ImageFile.writePNG(image, to: path)
        }
        let images = (names ?? pictures).enumerated().map { i, name in
            let text = name.replacingOccurrences(of: "\\", with: "\\\\")
            return "{\"id\": \(i + 1), \"file_name\": \"\(text)\", \"width\": 40, \"height\": 30}"
        }
        let objects =
            annotations
            ?? (1...images.count).map {
                "{\"id\": \($0), \"image_id\": \($0), \"category_id\": 1, \"bbox\": [2, 3, 10, 10]}"
            }.joined(separator: ", ")
        let text =
            "{\"images\": [\(images.joined(separator: ", "))], \"annotations\": [\(objects)], \"categories\": [\(categories)]}"
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/gt.json"))
        return DatasetDoctor.check(
            coco: folder + "/gt.json", imageFolder: folder + "/images", fileNames: fileNames, options: options)
    }

    func testNullSizesAreMissingOnes() throws {
        let folder = try temporaryDirectory()
        try Data(
            #"""
            {"images": [{"id": 1, "file_name": "a.png", "width": null, "height": null}], "categories": [{"id": 1, "name": "cat"}],
             "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": null, "segmentation": null}]}
            """#.utf8
        ).write(to: URL(fileURLWithPath: folder + "/gt.json"))
        let report = DatasetDoctor.check(
            coco: folder + "/gt.json", imageFolder: folder, options: .init(pictures: .skip))
        XCTAssertEqual(report.findings.map(\.kind), [.missingSize])
    }

    func testAnAnnotationIDOfZeroIsAWarning() throws {
        let report = try check(
            pictures: ["a.png"], annotations: #"{"id": 0, "image_id": 1, "category_id": 1, "bbox": [2, 3, 10, 10]}"#)
        XCTAssertEqual(report.findings.map(\.kind), [.annotationIDZero])
        XCTAssertEqual(report.findings[0].severity, .warning)
        XCTAssertTrue(report.findings[0].problem.contains("cat of image 1 has the id 0, so it is never found"))
    }

    func testARootCategoryIsANote() throws {
        for root in ["animals", "cat"] {
            let report = try check(
                pictures: ["a.png"],
                categories: """
                    {"id": 0, "name": "\(root)", "supercategory": "none"}, {"id": 1, "name": "cat", "supercategory": "\(root)"}
                    """)
            XCTAssertEqual(report.findings.map(\.kind), [.groupCategory], root)
            XCTAssertFalse(report.affectsTraining)
            XCTAssertEqual(report.classes.map(\.name), ["cat"])
        }
    }

    func testACategoryWithoutANameIsCalledAsInTraining() throws {
        for category in [#"{"id": 1}"#, #"{"id": 1, "name": null}"#, #"{"id": 1, "name": " "}"#] {
            let report = try check(pictures: ["a.png"], categories: category)
            XCTAssertEqual(report.findings.map(\.kind), [.missingClassName], category)
            XCTAssertTrue(report.findings[0].problem.contains("\"category 1\""), report.findings[0].problem)
            XCTAssertEqual(report.classes.map(\.name), ["category 1"])
        }
        let twice = try check(pictures: ["a.png"], categories: #"{"id": 1}, {"id": 2, "name": "category 1"}"#)
        XCTAssertEqual(twice.count(of: .duplicateClassName), 1)
    }

    func testPicturesThatAnotherNameWouldFindAreCounted() throws {
        let report = try check(
            pictures: ["a b.png", "c d.png", "sub/e.png", "f.png", "train/g.png"],
            names: ["a%20b.png", "c%20d.png", #"sub\e.png"#, "/data/set/f.png", "g.png", "lost.png"])
        XCTAssertEqual(report.count(of: .changedFileNames), 4)
        let found = report.findings.filter { $0.kind == .changedFileNames }.map(\.problem)
        for says in [
            #"2 of the 6 pictures that are not found would be with data.path_percent: true (--path-percent), such as "a%20b.png" as "a b.png""#,
            #"1 of the 6 pictures that are not found would be with data.path_backslashes: true (--path-backslashes)"#,
            #"data.path_prefix: {from: '/data/set/', to: ''} (--path-prefix '/data/set/='), such as "/data/set/f.png" as "f.png""#,
            #"data.path_prefix: {from: '', to: 'train/'} (--path-prefix '=train/'), such as "g.png" as "train/g.png""#,
        ] {
            XCTAssertEqual(found.count { $0.contains(says) }, 1, "\(says) in \(found)")
        }
        XCTAssertTrue(found[0].hasPrefix("2 of"), "the one that finds most is first")
        XCTAssertTrue(report.affectsTraining)
    }

    func testMappedNamesAreFoundAndSaid() throws {
        let map = FileNameMap(prefixes: [.init(from: #"C:\data\"#)], decodesPercent: true, readsBackslashes: true)
        let report = try check(
            pictures: ["x/a b.png", "c.png"], names: [#"C:\data\x\a%20b.png"#, "c.png"], fileNames: map)
        XCTAssertEqual(report.findings.map(\.kind), [.renamedFiles])
        XCTAssertTrue(report.findings[0].problem.hasPrefix("1 of 2 file names were changed as told"), report.summary())
        XCTAssertEqual(report.picturesChecked, 2)
    }

    /// The shared cases, and real sets, which must give none of the guesses.
    func testSharedSets() throws {
        let shared = try sharedFolder()
        let normalised = DatasetDoctor.check(
            coco: shared + "/cases/normalised/train.json", imageFolder: shared + "/cases/normalised/images")
        XCTAssertEqual(normalised.count(of: .fractionalBox), 1)
        let zero = DatasetDoctor.check(
            coco: shared + "/cases/id0_gt.json", imageFolder: shared, options: .init(pictures: .skip))
        XCTAssertEqual(zero.count(of: .annotationIDZero), 1)
        let sets =
            [
                ("coco128/annotations/instances_train2017.json", "coco128/train2017"),
                ("coco128/annotations/instances_val2017.json", "coco128/val2017"),
            ] + ["train", "val", "test"].map { ("bccd/coco/instances_\($0).json", "bccd/JPEGImages") }
        for (annotations, images) in sets {
            let report = DatasetDoctor.check(
                coco: "\(shared)/data/\(annotations)", imageFolder: "\(shared)/data/\(images)",
                options: .init(pictures: .headers))
            for kind in [
                FindingKind.fractionalBox, .cornerBox, .annotationIDZero, .missingClassName, .changedFileNames,
                .groupCategory,
                .renamedFiles, .missingImage, .malformedRecord,
            ] {
                XCTAssertEqual(report.count(of: kind), 0, "\(kind) in \(annotations)")
            }
            if annotations.hasPrefix("coco128") { XCTAssertFalse(report.affectsTraining, report.summary()) }
        }
    }
}
