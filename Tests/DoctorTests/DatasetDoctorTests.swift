import Annotations
import Doctor
import Foundation
import Media
import TestSupport
import XCTest

final class DatasetDoctorTests: XCTestCase {
    private let size = (width: 40, height: 30)

    /// A folder with `pictures` of 40 × 30 and a COCO file `gt.json` that holds `text`.
    private func dataset(_ text: String, pictures: [String] = ["a.png", "b.png"]) throws -> String {
        let folder = try temporaryDirectory()
        let image = ByteImage(width: size.width, height: size.height, channels: 3)
        for name in pictures { try ImageFile.writePNG(image, to: folder + "/" + name) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/gt.json"))
        return folder
    }

    private static let twoImages =
        #"{"id": 1, "file_name": "a.png", "width": 40, "height": 30}, {"id": 2, "file_name": "b.png", "width": 40, "height": 30}"#
    private static let twoObjects =
        #"{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 10, 10], "area": 100}, {"id": 2, "image_id": 2, "category_id": 2, "bbox": [0, 0, 40, 30]}"#
    private static let twoClasses = #"{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}"#

    private func text(
        images: String = DatasetDoctorTests.twoImages, annotations: String = DatasetDoctorTests.twoObjects,
        categories: String = DatasetDoctorTests.twoClasses
    ) -> String {
        "{\"images\": [\(images)], \"annotations\": [\(annotations)], \"categories\": [\(categories)]}"
    }

    private func check(
        _ text: String, pictures: [String] = ["a.png", "b.png"], options: DatasetDoctor.Options = .init()
    ) throws -> DoctorReport {
        let folder = try dataset(text, pictures: pictures)
        return DatasetDoctor.check(coco: folder + "/gt.json", imageFolder: folder, options: options)
    }

    func testAHealthyDatasetHasNoFindings() throws {
        let report = try check(text())
        XCTAssertEqual(report.findings, [])
        XCTAssertFalse(report.affectsTraining)
        XCTAssertEqual(report.picturesChecked, 2)
        XCTAssertEqual(report.classes.map(\.objects), [1, 1])
        XCTAssertTrue(report.summary().hasSuffix("Nothing is wrong."), report.summary())
    }

    /// Each fault alone, by what it changes in the healthy data set.
    func testEveryCheckFindsItsFaultAndNothingElse() throws {
        func withObject(_ object: String) -> String { text(annotations: Self.twoObjects + ", " + object) }
        let cases: [(FindingKind, String)] = [
            (.malformedRecord, withObject(#"{"id": 3, "image_id": 1, "category_id": 1}"#)),
            (.malformedRecord, withObject(#"{"id": 3, "image_id": "1", "category_id": 1, "bbox": [1, 2, 3, 4]}"#)),
            (.degenerateBox, withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [20, 20, 0, 5]}"#)),
            (.degenerateBox, withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [20, 20, 5, -5]}"#)),
            (.boxOutside, withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [40, 5, 5, 5]}"#)),
            (.boxOutside, withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [-9, 5, 5, 5]}"#)),
            (.boxBeyondEdge, withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [30, 15, 15, 5]}"#)),
            (.duplicateBox, withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [1, 2, 10, 10]}"#)),
            (.nearlySameBox, withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [1.5, 2, 10, 10]}"#)),
            (.sameBoxOtherClass, withObject(#"{"id": 3, "image_id": 1, "category_id": 2, "bbox": [1, 2, 10, 10]}"#)),
            (.unknownImage, withObject(#"{"id": 3, "image_id": 9, "category_id": 1, "bbox": [1, 2, 10, 10]}"#)),
            (.unknownClass, withObject(#"{"id": 3, "image_id": 1, "category_id": 9, "bbox": [9, 9, 10, 10]}"#)),
            (.duplicateAnnotationID, withObject(#"{"id": 1, "image_id": 1, "category_id": 1, "bbox": [20, 2, 5, 5]}"#)),
            (
                .inconsistentArea,
                withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [20, 2, 5, 5], "area": 50000}"#)
            ),
            (
                .inconsistentArea,
                withObject(#"{"id": 3, "image_id": 1, "category_id": 1, "bbox": [20, 2, 5, 5], "area": 0}"#)
            ),
            (
                .duplicateImageID,
                text(images: Self.twoImages + #", {"id": 2, "file_name": "c.png", "width": 40, "height": 30}"#)
            ),
            (
                .pathLeavesFolder,
                text(images: Self.twoImages.replacingOccurrences(of: "b.png", with: "../no.png"))
            ),
            (.missingImage, text(images: Self.twoImages.replacingOccurrences(of: "b.png", with: "no.png"))),
            (.duplicateFileName, text(images: Self.twoImages.replacingOccurrences(of: "b.png", with: "a.png"))),
            (
                .missingFileName,
                text(images: Self.twoImages.replacingOccurrences(of: #""file_name": "b.png", "#, with: ""))
            ),
            (
                .missingSize,
                text(images: Self.twoImages.replacingOccurrences(of: #"b.png", "width": 40"#, with: #"b.png""#))
            ),
            (
                .sizeMismatch,
                text(
                    images: Self.twoImages.replacingOccurrences(
                        of: #"b.png", "width": 40"#, with: #"b.png", "width": 41"#))
            ),
            (.duplicateCategoryID, text(categories: Self.twoClasses + #", {"id": 2, "name": "cow"}"#)),
            (.unusedClass, text(categories: Self.twoClasses + #", {"id": 3, "name": "cow"}"#)),
            (
                .emptyImage,
                text(images: Self.twoImages + #", {"id": 3, "file_name": "c.png", "width": 40, "height": 30}"#)
            ),
            (
                .categoryGap,
                text(
                    annotations: Self.twoObjects.replacingOccurrences(
                        of: #"category_id": 2"#, with: #"category_id": 7"#),
                    categories: Self.twoClasses.replacingOccurrences(of: #""id": 2"#, with: #""id": 7"#))
            ),
            (
                .duplicateClassName,
                text(categories: Self.twoClasses.replacingOccurrences(of: "dog", with: "cat"))
            ),
        ]
        for (kind, text) in cases {
            let report = try check(text, pictures: ["a.png", "b.png", "c.png"])
            let kinds = report.findings.map(\.kind)
            XCTAssertEqual(kinds, [kind], "\(kind) in \(text) gave \(report.findings)")
            XCTAssertEqual(report.affectsTraining, kind.severity == .error, "\(kind)")
            for finding in report.findings {
                XCTAssertFalse(finding.file.isEmpty)
                XCTAssertFalse(finding.record.isEmpty, "\(finding)")
                XCTAssertFalse(finding.advice.isEmpty)
                XCTAssertTrue(report.summary().contains(finding.problem), report.summary())
                XCTAssertTrue(report.summary().contains(kind.title))
            }
        }
    }

    func testFilesThatCannotBeReadAreAFinding() throws {
        let folder = try temporaryDirectory()
        let missing = DatasetDoctor.check(coco: folder + "/no.json", imageFolder: folder)
        XCTAssertEqual(missing.findings.map(\.kind), [.unreadableAnnotations])
        XCTAssertTrue(missing.affectsTraining)
        let cut = try check("{\"images\": [{\"id\": 1")
        XCTAssertEqual(cut.findings.map(\.kind), [.unreadableAnnotations])
        XCTAssertTrue(cut.findings[0].record.contains("byte"), "\(cut.findings)")
    }

    func testDamagedPicturesAreFoundByDecodingAlone() throws {
        let folder = try dataset(text(), pictures: ["a.png"])
        let noise = ByteImage(
            width: 40, height: 30, channels: 3, pixels: (0..<3600).map { UInt8(truncatingIfNeeded: $0 &* 7919) })
        try ImageFile.writeJPEG(noise, to: folder + "/b.png")
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/b.png"))
        func check(_ pictures: DatasetDoctor.Options.Pictures) -> DoctorReport {
            DatasetDoctor.check(
                coco: folder + "/gt.json", imageFolder: folder, options: .init(pictures: pictures, threads: 2))
        }
        XCTAssertEqual(check(.decode).findings, [])
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: folder + "/b.png"))
        let report = check(.decode)
        XCTAssertEqual(report.findings.map(\.kind), [.damagedImage])
        XCTAssertEqual(report.findings.map(\.severity), [.warning])
        XCTAssertTrue(report.findings[0].problem.hasPrefix("it is truncated: "), report.findings[0].problem)
        XCTAssertTrue(report.findings[0].advice.contains("data.damaged_images: accept"), report.findings[0].advice)
        XCTAssertTrue(report.affectsTraining, "training refuses it unless told to accept it")
        XCTAssertTrue(
            report.summary().contains("0 errors, 1 warning, 0 notes: training would be affected."), report.summary())
        let accepting = DatasetDoctor.check(
            coco: folder + "/gt.json", imageFolder: folder, options: .init(threads: 2, damagedImages: .accept))
        XCTAssertEqual(accepting.findings, report.findings)
        XCTAssertFalse(accepting.affectsTraining)
        XCTAssertEqual(check(.headers).findings, [])
        try whole.prefix(100).write(to: URL(fileURLWithPath: folder + "/b.png"))
        XCTAssertEqual(check(.decode).findings.map(\.kind), [.undecodableImage])
        try Data("not a picture".utf8).write(to: URL(fileURLWithPath: folder + "/b.png"))
        XCTAssertEqual(check(.headers).findings.map(\.kind), [.undecodableImage])
        XCTAssertEqual(check(.skip).findings, [])
        XCTAssertEqual(check(.skip).picturesChecked, 0)
    }

    func testManyFindingsOfAKindAreCountedAndFewShown() throws {
        let objects = (0..<1500).map {
            #"{"id": \#($0 + 10), "image_id": 1, "category_id": 1, "bbox": [\#(Double($0) / 100), 20, 0, 0]}"#
        }
        let report = try check(text(annotations: ([Self.twoObjects] + objects).joined(separator: ", ")))
        XCTAssertEqual(report.count(of: .degenerateBox), 1500)
        XCTAssertEqual(report.findings.count, 1000)
        let summary = report.summary()
        XCTAssertLessThan(summary.split(separator: "\n").count, 20)
        XCTAssertTrue(summary.contains("… and 1495 more"), summary)
        XCTAssertTrue(summary.contains("1500 errors, 0 warnings, 0 notes: training would be affected."), summary)
    }

    func testCoordinatesThatStartAtOneAreNoticed() throws {
        let objects = (0..<12).map {
            #"{"id": \#($0 + 1), "image_id": \#($0 % 2 + 1), "category_id": \#($0 % 2 + 1), "bbox": [1, \#($0 + 2), \#($0 + 3), 4]}"#
        }
        let report = try check(text(annotations: objects.joined(separator: ", ")))
        XCTAssertEqual(report.findings.map(\.kind), [.oneBasedCoordinates])
    }

    func testTheReportSurvivesJSON() throws {
        let report = try check(text(categories: Self.twoClasses + #", {"id": 3, "name": "cow"}"#))
        let data = try JSONEncoder().encode(report)
        XCTAssertEqual(try JSONDecoder().decode(DoctorReport.self, from: data), report)
    }

    /// The blood cells' real mistakes, each looked at by eye: one click without a drag, and objects pasted twice, two
    /// pixels apart.
    func testTheBloodCellsMistakes() throws {
        let path = try sharedFolder() + "/data/bccd"
        let train = DatasetDoctor.check(coco: path + "/coco/instances_train.json", imageFolder: path + "/JPEGImages")
        XCTAssertEqual(train.picturesChecked, 205)
        XCTAssertTrue(train.affectsTraining)
        XCTAssertEqual(train.count(of: .degenerateBox), 1)
        XCTAssertTrue(train.findings[0].record.contains("id 2288"), "\(train.findings[0])")
        XCTAssertTrue(train.findings[0].record.contains("BloodImage_00343.jpg"))
        XCTAssertEqual(train.count(of: .error), 1)
        let twins = train.findings.filter { $0.kind == .nearlySameBox }.map(\.record)
        for name in ["00403", "00251", "00100", "00020", "00013"] {
            XCTAssertEqual(twins.count { $0.contains("BloodImage_\(name).jpg") }, 1, name)
        }
        XCTAssertEqual(twins.count, 5)

        let val = DatasetDoctor.check(coco: path + "/coco/instances_val.json", imageFolder: path + "/JPEGImages")
        XCTAssertEqual(val.findings.filter { $0.severity == .error }.map(\.kind), [.degenerateBox])
        XCTAssertTrue(val.findings[0].record.contains("id 887"), "\(val.findings[0])")
        let valTwins = val.findings.filter { $0.kind == .nearlySameBox }.map(\.record)
        XCTAssertEqual(valTwins.count, 2)
        let test = DatasetDoctor.check(coco: path + "/coco/instances_test.json", imageFolder: path + "/JPEGImages")
        XCTAssertFalse(test.affectsTraining)
        XCTAssertEqual(test.count(of: .nearlySameBox), 1)
    }
}
