import Annotations
import Foundation
import TestSupport
import XCTest

final class COCOTests: XCTestCase {
    private func write(_ text: String, _ name: String = "gt.json") throws -> String {
        let path = try temporaryDirectory() + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func instances(
        images: String = #"[{"id": 1, "file_name": "a.jpg", "width": 20, "height": 10}]"#,
        annotations: String = #"[{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}]"#,
        categories: String = #"[{"id": 3, "name": "cat"}]"#
    ) -> String {
        "{\"images\": \(images), \"annotations\": \(annotations), \"categories\": \(categories)}"
    }

    func testColumnsOfAHandWrittenFile() throws {
        let text = #"""
            { "info": {"year": 2017, "note": "a } and a \" in text", "list": [1, [2, {"x": "]"}]]},
              "licenses": [],
              "annotations": [
                {"segmentation": [[1, 2, 3.5, 4]], "area": 7.25, "iscrowd": 0, "image_id": 9000000000,
                 "bbox": [1.5, 2, 3, 4.125], "category_id": 90, "id": 123456789012},
                {"id": 2, "image_id": 4, "category_id": 5, "bbox": [0, 0, 2, 3],
                 "segmentation": {"counts": "ab}{\\\"]", "size": [1, 2]}, "iscrowd": 1},
                {"id": 3, "image_id": 9000000000, "category_id": 5, "bbox": [1e1, -2.5, 0, 7], "ignore": true,
                 "iscrowd": false, "area": null_area}
              ],
              "images": [
                {"id": 4, "width": 20, "height": 10, "file_name": "train/\u00fc.jpg", "license": null},
                {"file_name": "b.png", "id": 9000000000, "extra": {"id": 5}, "height": 480, "width": 640} ],
              "categories": [ {"supercategory": "x", "id": 90, "name": "z\"ebra"}, {"id": 5, "name": "ant"} ],
              "more": 1.5 }
            """#.replacingOccurrences(of: ", \"area\": null_area", with: "")
        let annotations = try COCO.readInstances(write(text))
        XCTAssertEqual(annotations.classNames, ["ant", "z\"ebra"])
        XCTAssertEqual(annotations.categoryIDs, [5, 90])
        XCTAssertEqual(annotations.imageIDs, [4, 9_000_000_000])
        XCTAssertEqual(annotations.fileName(0), "train/ü.jpg")
        XCTAssertEqual(annotations.imageSize(1).width, 640)
        XCTAssertEqual(annotations.imageSize(1).height, 480)
        XCTAssertEqual(
            annotations.image(0).objects,
            [ObjectRecord(id: 2, label: 1, x: 0, y: 0, width: 2, height: 3, flags: [.crowd])])
        XCTAssertEqual(
            annotations.image(1).objects,
            [
                ObjectRecord(id: 123_456_789_012, label: 2, x: 1.5, y: 2, width: 3, height: 4.125, area: 7.25),
                ObjectRecord(id: 3, label: 1, x: 10, y: -2.5, width: 0, height: 7, flags: [.ignore]),
            ])
    }

    func testOptionalKeysMayBeMissing() throws {
        let path = try write(
            instances(images: #"[{"id": 1}]"#, categories: #"[{"id": 3}]"#))
        let annotations = try COCO.readInstances(path)
        XCTAssertEqual(annotations.fileName(0), "")
        XCTAssertEqual(annotations.imageSize(0).width, 0)
        XCTAssertEqual(annotations.classNames, ["category 3"])
        XCTAssertEqual(annotations.area, [12])
    }

    func testEmptySectionsAreLegal() throws {
        let annotations = try COCO.readInstances(
            write(instances(images: "[ ]", annotations: "[]", categories: "[\n]")))
        XCTAssertEqual(annotations.imageCount, 0)
        XCTAssertEqual(annotations.objectCount, 0)
        XCTAssertTrue(try COCO.readResults(write("[ ]\n")).isEmpty)
    }

    func testAByteOrderMarkIsPassedOver() throws {
        XCTAssertEqual(try COCO.readInstances(write("\u{FEFF}" + instances())).objectCount, 1)
    }

    /// Each text, and what its error must say.
    private static let broken: [(text: String, says: [String])] = [
        ("", ["stops too early"]),
        ("   \n", ["stops too early"]),
        ("hello", ["not JSON", "byte 0"]),
        ("[]", ["form of detection results"]),
        ("{", ["stops too early"]),
        ("{\"images\"", ["stops too early", "colon"]),
        ("{\"images\" [", ["colon"]),
        ("{\"images\": 5}", ["\"images\" is not an array of objects"]),
        ("{\"images\": [1, 2]}", ["images[0]", "not an object", "byte 12"]),
        ("{\"images\": [{\"id\": 1}", ["stops too early", "images"]),
        ("{\"images\": [{\"id\": 1", ["stops too early", "images[0]"]),
        ("{\"images\": [{\"id\": 1},]}", ["not JSON", "record in braces"]),
        ("{\"images\": [{\"id\": 1} {\"id\": 2}]}", ["not JSON", "comma"]),
        ("{\"images\": [{\"id\": 1}}", ["not JSON", "comma or a closing bracket"]),
        ("{\"images\": [{\"id\": 1}], }", ["double quotes"]),
        ("{\"images\": [{\"id\": 1}]", ["stops too early"]),
        ("{\"images\": [], \"images\": []}", ["\"images\" stands in the file twice"]),
        ("{\"images\": []} 5", ["nothing behind the end"]),
        ("{\"images\": [{\"id\" 1}]}", ["images[0]", "not JSON"]),
        ("{\"images\": [{\"id\": 1 \"width\": 2}]}", ["images[0]", "not JSON"]),
        ("{\"images\": [{id: 1}]}", ["images[0]", "not JSON"]),
        ("{\"images\": [{\"id\": 1, \"file_name\": \"a\u{1}b\"}]}", ["not JSON"]),
        ("{\"images\": [], \"annotations\": []}", ["\"categories\" is missing"]),
        ("{}", ["\"images\" is missing"]),
        ("{\"images\": [{\"width\": 3}]}", ["images[0]", "\"id\" is missing", "byte 12"]),
        ("{\"images\": [{\"id\": \"7\"}]}", ["\"id\" is not an integer", "byte 19"]),
        ("{\"images\": [{\"id\": 1.5}]}", ["\"id\" is not an integer"]),
        ("{\"images\": [{\"id\": null}]}", ["\"id\" is not an integer"]),
        ("{\"images\": [{\"id\": 1, \"width\": [3]}]}", ["\"width\" is not an integer"]),
        ("{\"images\": [{\"id\": 1, \"file_name\": 3}]}", ["\"file_name\" is not a string"]),
        ("{\"images\": [{\"id\": 99999999999999999999}]}", ["images[0]", "\"id\""]),
        ("{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1}]}", ["\"bbox\" is missing"]),
        ("{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"bbox\": [1,2,3,4]}]}", ["\"category_id\" is missing"]),
        ("{\"annotations\": [{\"id\": 1, \"category_id\": 1, \"bbox\": [1,2,3,4]}]}", ["\"image_id\" is missing"]),
        ("{\"annotations\": [{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1,2,3,4]}]}", ["\"id\" is missing"]),
        ("{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1,2,3]}]}", ["four numbers"]),
        (
            "{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1,2,3,4,5]}]}",
            ["four numbers"]
        ),
        ("{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": []}]}", ["four numbers"]),
        ("{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": null}]}", ["four numbers"]),
        (
            "{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1,\"2\",3,4]}]}",
            ["four numbers"]
        ),
        ("{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1,NaN,3,4]}]}", ["bbox"]),
        (
            "{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": {\"x\": 1}}]}",
            ["four numbers"]
        ),
        (
            "{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1,2,3,4], \"area\": \"9\"}]}",
            ["\"area\" is not a number"]
        ),
        (
            "{\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1,2,3,4], \"iscrowd\": \"no\"}]}",
            ["\"iscrowd\" is not 0 or 1"]
        ),
    ]

    func testBrokenFilesSayWhereAndWhat() throws {
        for (text, says) in Self.broken {
            let path = try write(text)
            XCTAssertThrowsError(try COCO.readInstances(path), text) { error in
                let message = "\(error)"
                XCTAssertTrue(error is AnnotationError, text)
                XCTAssertTrue(message.hasPrefix(path), message)
                for part in says { XCTAssertTrue(message.contains(part), "\(text) gave: \(message)") }
            }
        }
    }

    func testEveryCutOfAFileIsAnErrorAndNeverACrash() throws {
        let whole = instances(
            annotations: #"[{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "s": "\"\\"}]"#)
        let path = try write(whole)
        XCTAssertEqual(try COCO.readInstances(path).objectCount, 1)
        for length in 0..<whole.utf8.count {
            try Data(whole.utf8.prefix(length)).write(to: URL(fileURLWithPath: path))
            XCTAssertThrowsError(try COCO.readInstances(path), "cut at \(length)")
        }
    }

    func testEveryChangedByteIsReadOrRefusedButNeverCrashes() throws {
        let whole = Array(
            instances(
                annotations: #"[{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "iscrowd": 0}]"#
            ).utf8)
        let path = try write("")
        var refused = 0
        for place in whole.indices {
            for byte in [0x22, 0x5d, 0x7b, 0x5c, 0x2c] as [UInt8] {
                var bytes = whole
                bytes[place] = byte
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                do { _ = try COCO.readInstances(path) } catch { refused += 1 }
            }
        }
        XCTAssertGreaterThan(refused, whole.count * 2)
    }

    func testUnknownAndRepeatedThingsAreRefused() throws {
        let cases: [(text: String, says: [String])] = [
            (
                instances(images: #"[{"id": 1}, {"id": 1}]"#), ["images[1]", "image id 1 stands twice"]
            ),
            (
                instances(
                    annotations:
                        #"[{"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}, {"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}]"#
                ), ["annotations[1]", "annotation id 7 stands twice"]
            ),
            (
                instances(categories: #"[{"id": 3, "name": "a"}, {"id": 3, "name": "b"}]"#),
                ["category id 3 stands twice"]
            ),
            (
                instances(
                    annotations: #"[{"id": 7, "image_id": 2, "category_id": 3, "bbox": [1, 2, 3, 4]}]"#),
                ["annotations[0]", "image 2 is not among"]
            ),
            (
                instances(
                    annotations: #"[{"id": 7, "image_id": 1, "category_id": 4, "bbox": [1, 2, 3, 4]}]"#),
                ["annotations[0]", "category 4 is not among"]
            ),
            (instances(images: #"[{"id": 1, "file_name": "../a.jpg"}]"#), ["images[0]", "leaves the image folder"]),
            (instances(images: #"[{"id": 1, "file_name": "/etc/passwd"}]"#), ["leaves the image folder"]),
            (instances(images: #"[{"id": 1, "file_name": "x/../../a.jpg"}]"#), ["leaves the image folder"]),
            (
                instances(images: #"[{"id": 1, "width": 9000000000, "height": 2}]"#), ["are no image's size"]
            ),
        ]
        for (text, says) in cases {
            XCTAssertThrowsError(try COCO.readInstances(write(text)), text) { error in
                for part in says { XCTAssertTrue("\(error)".contains(part), "\(text) gave: \(error)") }
            }
        }
    }

    func testUnknownReferencesCanBeDropped() throws {
        let text = instances(
            annotations:
                #"[{"id": 7, "image_id": 2, "category_id": 3, "bbox": [1, 2, 3, 4]}, {"id": 8, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}]"#
        )
        let annotations = try COCO.readInstances(write(text), unknownReferences: .drop)
        XCTAssertEqual(annotations.annotationIDs, [8])
    }

    func testMissingFilesAndFolders() throws {
        let folder = try temporaryDirectory()
        XCTAssertThrowsError(try COCO.readInstances(folder + "/no.json")) {
            XCTAssertTrue("\($0)".contains("can't be read"), "\($0)")
        }
        XCTAssertThrowsError(try COCO.readInstances(folder)) {
            XCTAssertTrue("\($0)".contains("it is a folder"), "\($0)")
        }
    }

    func testResultsAndTheirErrors() throws {
        let results = try COCO.readResults(
            write(
                #"[{"image_id": 42, "category_id": 18, "bbox": [258.15, 41.29, 348.26, 243.78], "score": 0.236, "segmentation": []}]"#
            ))
        XCTAssertEqual(results.imageIDs, [42])
        XCTAssertEqual(results.categoryIDs, [18])
        XCTAssertEqual(results.x, [258.15])
        XCTAssertEqual(results.height, [243.78])
        XCTAssertEqual(results.scores, [0.236])
        let cases: [(String, String)] = [
            ("{}", "form of annotations"),
            (#"[{"image_id": 42, "category_id": 18, "bbox": [1, 2, 3, 4]}]"#, "\"score\" is missing"),
            (#"[{"image_id": "42", "category_id": 18, "bbox": [1, 2, 3, 4], "score": 1}]"#, "\"image_id\" is not"),
            (#"[{"image_id": 42, "category_id": 18, "score": 1, "segmentation": {}}]"#, "\"bbox\" is missing"),
            (#"[{"image_id": 42, "category_id": 18, "bbox": [1, 2, 3, 4], "score": "1"}]"#, "\"score\" is not"),
            (#"[{"image_id": 42, "category_id": 18, "bbox": [1, 2, 3, 4], "score": NaN}]"#, "results[0]"),
            ("[null]", "not an object"), ("[[1]]", "not an object"), ("[{}", "stops too early"),
        ]
        for (text, part) in cases {
            XCTAssertThrowsError(try COCO.readResults(write(text)), text) {
                XCTAssertTrue("\($0)".contains(part), "\(text) gave: \($0)")
            }
        }
    }

    func testWhatIsWrittenIsReadBackToTheBit() throws {
        var images: [ImageRecord] = []
        var random = SystemRandomNumberGenerator()
        var id = 0
        for i in 0..<50 {
            let objects = (0..<i % 7).map { _ -> ObjectRecord in
                id += 1
                return ObjectRecord(
                    id: id, label: Int.random(in: 1...3, using: &random), x: Double.random(in: -5...600),
                    y: Double.random(in: -5...600), width: Double.random(in: 0...1e-3),
                    height: Double.random(in: 0...1e12), area: Double.random(in: 0...1e5),
                    flags: i % 2 == 0 ? [.crowd] : [.ignore])
            }
            images.append(
                ImageRecord(
                    id: i * i - 7, fileName: "a \"\\\n\u{1}ß☃/\(i).jpg", width: i, height: 2 * i, objects: objects))
        }
        let made = DetectionAnnotations(
            source: "made", classNames: ["a", "b \"", "ç"], categoryIDs: [-4, 17, 9_000_000_000], images: images)
        let path = try temporaryDirectory() + "/out.json"
        try COCO.writeInstances(made, to: path)
        let read = try COCO.readInstances(path)
        XCTAssertEqual(read.classNames, made.classNames)
        XCTAssertEqual(read.categoryIDs, made.categoryIDs)
        XCTAssertEqual((0..<50).map(read.image), images)

        var results = DetectionResults()
        for i in 0..<500 {
            results.append(
                imageID: i - 3, categoryID: i % 9, x: Double.random(in: -1e9...1e9), y: Double.random(in: 0...1),
                width: Double.random(in: 0...1e-300), height: .leastNonzeroMagnitude, score: Double.random(in: 0...1))
        }
        let resultsPath = path + ".results"
        try COCO.writeResults(results, to: resultsPath)
        let again = try COCO.readResults(resultsPath)
        XCTAssertEqual(again.imageIDs, results.imageIDs)
        XCTAssertEqual(again.x, results.x)
        XCTAssertEqual(again.y, results.y)
        XCTAssertEqual(again.width, results.width)
        XCTAssertEqual(again.height, results.height)
        XCTAssertEqual(again.scores, results.scores)
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: (path as NSString).deletingLastPathComponent).count, 2)
    }

    func testNumbersThatJSONCannotHoldAreRefused() throws {
        var results = DetectionResults()
        results.append(imageID: 1, categoryID: 1, x: 0, y: .nan, width: 1, height: 1, score: 1)
        XCTAssertThrowsError(try COCO.writeResults(results, to: temporaryDirectory() + "/r.json")) {
            XCTAssertTrue("\($0)".contains("detection 0"), "\($0)")
        }
    }

    /// Several megabytes, so that it is cut into chunks: whatever the threads, the same columns in the same order.
    func testLargeFilesOnAnyNumberOfThreads() throws {
        let path = try temporaryDirectory() + "/large.json"
        var text = "["
        for i in 0..<60_000 {
            text += i == 0 ? "" : i % 3 == 0 ? ",\n  " : ", "
            text += "{\"image_id\": \(i), \"category_id\": \(i % 80), \"bbox\": [\(i).25, 1, 2, 3], "
            // Names in two chunks out of several, of which one has a key that is not plain.
            text += i == 30_000 ? "\"file_name\": \"é.jpg\", " : i == 59_000 ? "\"file\\u005fname\": \"b.jpg\", " : ""
            text += "\"note\": \"\(i % 5 == 0 ? "}{][\\\"" : "")\", \"score\": 0.\(i)}"
        }
        text += "]"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        for threads in [1, 2, 4] {
            let results = try COCO.readResults(path, threads: threads)
            XCTAssertEqual(results.imageIDs, Array(0..<60_000))
            XCTAssertEqual(results.categoryIDs, (0..<60_000).map { $0 % 80 })
            XCTAssertEqual(results.x, (0..<60_000).map { Double($0) + 0.25 })
            XCTAssertEqual(results.scores[59_999], 0.59999)
        }
        XCTAssertEqual(try ResultNames(path: path).images, [30_000: "é.jpg", 59_000: "b.jpg"])
        let place = try XCTUnwrap(text.range(of: "\"image_id\": 51234,"))
        let broken = text.replacingCharacters(in: place, with: "\"image_id\": \"512\",")
        try Data(broken.utf8).write(to: URL(fileURLWithPath: path))
        let byte = text.utf8.distance(from: text.startIndex, to: place.lowerBound) + 12
        for threads in [1, 2] {
            XCTAssertThrowsError(try COCO.readResults(path, threads: threads)) {
                XCTAssertTrue("\($0)".contains("results[51234], byte \(byte):"), "\($0), wanted byte \(byte)")
            }
        }
    }

    func testARecordLargerThanAChunk() throws {
        let outline = (0..<400_000).map { "\($0).5" }.joined(separator: ",")
        let text = instances(
            annotations:
                "[{\"segmentation\": [[\(outline)]], \"id\": 5, \"image_id\": 1, \"category_id\": 3, \"bbox\": [1,2,3,4]}]"
        )
        XCTAssertEqual(try COCO.readInstances(write(text)).annotationIDs, [5])
    }

    func testBloodCellsAreRead() throws {
        let annotations = try COCO.readInstances(sharedFolder() + "/data/bccd/coco/instances_val.json")
        XCTAssertEqual(annotations.imageCount, 87)
        XCTAssertEqual(annotations.objectCount, 1138)
        XCTAssertEqual(annotations.classNames, ["RBC", "WBC", "Platelets"])
    }
}
