import Annotations
import Foundation
import TestSupport
import XCTest

/// `score voc` and `score errors` on files of the sample set.
final class ScoreCommandTests: XCTestCase {
    private func score(_ arguments: [String]) throws -> CommandRun {
        try CommandRun.of(arguments, command: "vertebra-score")
    }

    /// The annotated boxes of the sample set's validation images as detections.
    private func perfectResults(
        of truth: DetectionAnnotations, id: (Int) -> Int = { $0 }
    ) -> DetectionResults {
        var results = DetectionResults()
        for i in 0..<truth.imageCount {
            for j in truth.objects(i) {
                let object = truth.object(j)
                results.append(
                    imageID: id(truth.imageID(i)), categoryID: id(truth.categoryIDs[object.label - 1]), x: object.x,
                    y: object.y,
                    width: object.width, height: object.height, score: 0.5)
            }
        }
        return results
    }

    /// A byte turned by chance made a name hold U+007F, and the message carried it to the terminal.
    func testControlCharactersOfNamesAreEscapesInMessages() throws {
        let file = try temporaryDirectory() + "/results.json"
        let record = #"{"image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "score": 0.5, "category_name": "NAME"}"#
        let names = ["s\u{7F}u\u{9B}are", "squ\\u001b[2J\\nare"]
        try ("[" + names.map { record.replacingOccurrences(of: "NAME", with: $0) }.joined(separator: ",") + "]")
            .write(toFile: file, atomically: true, encoding: .utf8)
        let annotations = try TinyData.folder.get() + "/samples/coco/annotations/instances_val.json"
        let run = try score(["coco", "--annotations", annotations, "--results", file])
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(run.errors.contains(#""squ\u{1B}[2J\u{A}are", and "s\u{7F}u\u{9B}are""#), run.errors)
        XCTAssertFalse(
            run.errors.dropLast().unicodeScalars.contains { $0.properties.generalCategory == .control }, run.errors)
    }

    func testVOC() throws {
        let voc = try TinyData.folder.get() + "/samples/voc"
        let truth = try VOCFolder(path: voc).read(split: "val")
        let folder = try temporaryDirectory()
        try VOCFolder.writeResults(
            perfectResults(of: truth), folder: folder, prefix: "comp4_det_val_", groundTruth: truth)
        let arguments = ["voc", "--folder", voc, "--split", "val", "--results", folder, "--prefix", "comp4_det_val_"]
        let table = try score(arguments)
        XCTAssertEqual(table.status, 0, table.errors)
        XCTAssertTrue(
            table.output.contains(" Mean average precision (all-point, IoU ≥ 0.5) = 1.000\n"), table.output)
        let json = try score(arguments + ["--eleven-point", "--json"])
        let values = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        XCTAssertEqual(values["meanAP"] as? Double, 1)
        XCTAssertEqual(values["method"] as? String, "elevenPoint")

        for (change, message) in [
            (["--split", "vall"], "vall.txt: there is no such split. The folder has "),
            (["--split", "train"], "is not in \(voc)/ImageSets/Main/train.txt. Score against the split"),
            (["--prefix", ""], "holds detections of \"comp4_det_val_"),
            (["--results", folder + "/none"], "\(folder)/none: it can't be read"),
            (["--classes", "unicorn"], "is not one of unicorn"),
        ] {
            let run = try score(arguments + change)
            XCTAssertEqual(run.status, 1, "\(change)")
            XCTAssertTrue(run.errors.contains(message), "\(change): \(run.errors)")
        }
    }

    /// No picture is opened: names of other machines, missing sizes and missing pictures don't matter.
    func testVOCWithoutPictures() throws {
        let voc = try temporaryDirectory()
        for folder in ["Annotations", "ImageSets/Main"] {
            try FileManager.default.createDirectory(atPath: voc + "/" + folder, withIntermediateDirectories: true)
        }
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: voc + "/" + name))
        }
        try write("a b\nc\nd\n", "ImageSets/Main/test.txt")
        for (name, fileName) in [("a b", "/photos/a b.jpg"), ("c", "../../c.jpg"), ("d", "C:\\d.jpg")] {
            try write(
                "<annotation><filename>\(fileName)</filename><object><name>dog</name><bndbox><xmin>1</xmin><ymin>2</ymin>"
                    + "<xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>", "Annotations/\(name).xml")
        }
        try write("a b 0.9 1 2 30 40\nc 0.8 1 2 30 40\nd 0.7 1 2 30 40\n", "dog.txt")
        let run = try score(["voc", "--folder", voc, "--results", voc, "--json"])
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains("\"meanAP\" : 1"), run.output)
    }

    func testErrors() throws {
        let annotations = try TinyData.folder.get() + "/samples/coco/annotations/instances_val.json"
        let results = try temporaryDirectory() + "/results.json"
        try COCO.writeResults(perfectResults(of: COCO.readInstances(annotations)), to: results)
        let arguments = ["errors", "--annotations", annotations, "--results", results]
        let table = try score(arguments)
        XCTAssertEqual(table.status, 0, table.errors)
        XCTAssertTrue(table.output.hasPrefix(" AP at IoU ≥ 0.5 = 1.000; below IoU 0.1 is background"), table.output)
        let json = try score(arguments + ["--json"])
        let values = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        XCTAssertEqual((values["costs"] as? [[String: Any]])?.count, 6)
        XCTAssertEqual(values["falsePositives"] as? Int, 0)
    }

    /// Numbers whose meaning stands beside them, in another order than the annotations'.
    func testNamesOfRecordsDecide() throws {
        let samples = try TinyData.folder.get() + "/samples"
        let voc = try VOCFolder(path: samples + "/voc").read(split: "val")
        let annotations = samples + "/coco/annotations/instances_val.json"
        let coco = try COCO.readInstances(annotations)
        let file = try temporaryDirectory() + "/results.json"
        func write(_ truth: DetectionAnnotations, named: Bool) throws {
            let results = perfectResults(of: truth) { 1000 - $0 }
            let images = zip(truth.imageIDs, 0..<truth.imageCount).map {
                (1000 - $0, "/elsewhere/" + truth.fileName($1))
            }
            let classes = zip(truth.categoryIDs, truth.classNames).map { (1000 - $0, $1) }
            try COCO.writeResults(
                results, to: file,
                names: named
                    ? ResultNames(
                        images: Dictionary(uniqueKeysWithValues: images),
                        categories: Dictionary(uniqueKeysWithValues: classes)) : ResultNames())
        }
        let scoreVOC = ["voc", "--folder", samples + "/voc", "--split", "val", "--results", file]
        try write(voc, named: true)
        let named = try score(scoreVOC)
        XCTAssertTrue(named.output.contains("IoU ≥ 0.5) = 1.000\n"), named.output + named.errors)
        try write(voc, named: false)
        let numbers = try score(scoreVOC)
        XCTAssertEqual(numbers.status, 1)
        XCTAssertTrue(
            numbers.errors.contains(
                "its category ids have no class names. Name the classes in the labels' order"),
            numbers.errors)

        try write(coco, named: true)
        for (command, says) in [
            ("coco", "(AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000"),
            ("errors", "AP at IoU ≥ 0.5 = 1.000"),
        ] {
            let run = try score([command, "--annotations", annotations, "--results", file])
            XCTAssertTrue(run.output.contains(says), run.output + run.errors)
        }
        let strangers = DetectionAnnotations(
            source: "", classNames: ["unicorn"],
            images: [coco.image(0)].map { image in
                var image = image
                image.objects = image.objects.map {
                    var object = $0; object.label = 1; return object
                }
                return image
            })
        try write(strangers, named: true)
        let strange = try score(["coco", "--annotations", annotations, "--results", file])
        XCTAssertTrue(strange.errors.contains("it holds detections of \"unicorn\""), strange.errors)
    }

    /// An instances file and results, written out.
    private func scoreCOCO(
        images: String = #"{"id": 1, "file_name": "a.jpg", "width": 486, "height": 500}"#, annotations: String,
        results: String
    ) throws -> CommandRun {
        let folder = try temporaryDirectory()
        let text =
            "{\"images\": [\(images)], \"categories\": [{\"id\": 1, \"name\": \"a\"}], \"annotations\": [\(annotations)]}"
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/gt.json"))
        try Data("[\(results)]".utf8).write(to: URL(fileURLWithPath: folder + "/results.json"))
        return try score(["coco", "--annotations", folder + "/gt.json", "--results", folder + "/results.json"])
    }

    /// Scores of twenty digits and more, which decide the order of the detections.
    func testLongDecimals() throws {
        let run = try scoreCOCO(
            annotations: """
                {"id": 1, "image_id": 1, "category_id": 1, "bbox": [100, 100, 100, 100], "area": 10000, "iscrowd": 0.0},
                {"id": 2, "image_id": 1.0, "category_id": 1, "bbox": [300, 300, 100, 100], "area": 10000, "iscrowd": 0}
                """,
            results: """
                {"image_id": 1, "category_id": 1, "bbox": [100, 100, 100, 100], "score": 0.925000000000000044409},
                {"image_id": 1, "category_id": 1.0, "bbox": [300, 300, 100, 100], "score": 0.464620448601409630635},
                {"image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 50], "score": 0.3}
                """)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertEqual(run.errors, "")
        XCTAssertTrue(run.output.contains("IoU=0.50      | area=   all | maxDets=100 ] = 1.000"), run.output)
    }

    func testAnAnnotationIDOfZeroIsWarnedOf() throws {
        let run = try scoreCOCO(
            annotations:
                #"{"id": 0, "image_id": 1, "category_id": 1, "bbox": [174, 101, 175, 250], "area": 43750, "iscrowd": 0}"#,
            results: #"{"image_id": 1, "category_id": 1, "bbox": [174, 101, 175, 250], "score": 0.9}"#)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.errors.contains("gt.json: an annotation has the id 0, and COCO's rule"), run.errors)
        XCTAssertTrue(
            run.output.contains("IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.000"), "as pycocotools: \(run.output)")
    }

    /// Scoring opens no picture, so that it takes names and sizes as they are.
    func testNamesAndSizesDoNotStopAScore() throws {
        for image in [
            #"{"id": 1, "file_name": "/data/set/a.jpg"}"#,
            #"{"id": 1, "file_name": "../a.jpg", "width": null, "height": null}"#,
            #"{"id": 1, "file_name": "C:\\set\\a.jpg", "width": -1, "height": 99999999999}"#, #"{"id": 1}"#,
        ] {
            for name in ["", #", "file_name": "a.jpg""#] {
                let run = try scoreCOCO(
                    images: image,
                    annotations: #"{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 50, 50], "area": 2500}"#,
                    results: "{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 1, 50, 50], \"score\": 0.9\(name)}")
                if name.isEmpty || image.contains("set") {
                    XCTAssertEqual(run.status, 0, "\(image): \(run.errors)")
                    XCTAssertTrue(run.output.contains("area=   all | maxDets=100 ] = 1.000"), run.output)
                }
            }
        }
    }

    func testOneIDForSeveralImagesIsRefused() throws {
        let record = #"{"image_id": 1, "category_id": 1, "bbox": [1, 1, 50, 50], "score": 0.9, "file_name": "#
        let run = try scoreCOCO(
            annotations: #"{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 50, 50], "area": 2500}"#,
            results: record + "\"a.jpg\"}, " + record + "\"b.jpg\"}")
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(
            run.errors.contains("results[1]: image_id 1 has the file_name \"b.jpg\", and \"a.jpg\" in results[0]"),
            run.errors)
    }

    /// A cut-off output must not look like a whole one.
    func testStandardOutputThatCannotBeWritten() throws {
        let annotations = try TinyData.folder.get() + "/samples/coco/annotations/instances_val.json"
        let results = try temporaryDirectory() + "/results.json"
        try COCO.writeResults(perfectResults(of: COCO.readInstances(annotations)), to: results)
        let process = Process()
        process.executableURL = CommandRun.executable("vertebra-score")
        process.arguments = ["coco", "--annotations", annotations, "--results", results]
        process.standardOutput = try XCTUnwrap(FileHandle(forWritingAtPath: "/dev/full"))
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 1)
        XCTAssertTrue(said.contains("standard output can't be written (No space left on device)"), said)
    }
}
