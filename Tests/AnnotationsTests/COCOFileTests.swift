import Annotations
import Foundation
import Support
import TestSupport
import XCTest

/// The JSON itself: its numbers, its rules in values that nobody reads, its encodings.
final class COCOFileTests: XCTestCase {
    private func write(_ bytes: some Sequence<UInt8>) throws -> String {
        let path = try temporaryDirectory() + "/file.json"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func detection(_ numbers: [String], score: String = "0", more: String = "") -> String {
        "{\"image_id\": 1, \"category_id\": 1, \"bbox\": [\(numbers.joined(separator: ", "))], \"score\": \(score)\(more)}"
    }

    private func results(_ text: String) throws -> DetectionResults { try COCO.readResults(write("[\(text)]".utf8)) }

    private func message(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    /// A decimal of up to forty digits with signs, leading zeros behind the point, zeros at the end and exponents.
    private func decimal(_ random: inout SeededRandom) -> String {
        func digits(_ count: Int) -> String {
            (0..<count).map { _ in "\(random.integer(below: 10))" }.joined()
        }
        var text = random.chance(0.5) ? "-" : ""
        text += random.chance(0.5) ? "0" : "\(1 + random.integer(below: 9))" + digits(random.integer(below: 20))
        if random.chance(0.85) {
            text += "." + String(repeating: "0", count: [0, 0, 1, 5, 18, 30][random.integer(below: 6)])
            text +=
                digits(1 + random.integer(below: 40))
                + String(repeating: "0", count: [0, 0, 20][random.integer(below: 3)])
        }
        if random.chance(0.3) {
            text += ["e", "E"][random.integer(below: 2)] + ["", "+", "-"][random.integer(below: 3)]
            text += "\([0, 1, 5, 22, 30, 260, 280][random.integer(below: 7)])"
        }
        return text
    }

    func testNumbersAreThoseOfStrtod() throws {
        var random = SeededRandom(seed: 5, epoch: 0, index: 0)
        let known = [
            "0.464620448601409630635", "0.25000000000000000000", "0.925000000000000044409", "0.1", "1e22", "1e23",
            "9007199254740993", "9007199254740993.0000000000000000000001", "2.2250738585072011e-308", "4.9e-324",
            "1e-400",
            "-0", "0.0", "1.7976931348623157e308", "123456789012345678901234567890", "5e-1", "8.5E+1",
        ]
        let numbers = known + (0..<8000 - known.count).map { _ in decimal(&random) }
        let read = try results(
            stride(from: 0, to: numbers.count, by: 4).map { detection(Array(numbers[$0..<$0 + 4])) }.joined(
                separator: ","))
        XCTAssertEqual(read.count, 2000)
        for (i, text) in numbers.enumerated() {
            let value = [read.x, read.y, read.width, read.height][i % 4][i / 4]
            XCTAssertEqual(value.bitPattern, strtod(text, nullptr: ()).bitPattern, text)
        }
    }

    func testANumberThatNoDoubleHoldsIsRefused() throws {
        for text in ["1e309", "-1e400", "1" + String(repeating: "0", count: 400)] {
            XCTAssertTrue(
                message { try results(detection(["1", "2", "3", text])) }.contains(
                    "the number in \"bbox\" is too large"),
                text)
        }
    }

    func testIntegralFloatsAreIntegers() throws {
        let text = """
            {"images": [{"id": 7.0, "width": 486.0, "height": 5e2}],
             "annotations": [{"id": 3.0, "image_id": 7.0, "category_id": 1.0, "bbox": [1, 2, 3, 4], "iscrowd": 1.0},
                             {"id": 4, "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 0.0}],
             "categories": [{"id": 1.0, "name": "a"}]}
            """
        let annotations = try COCO.readInstances(write(text.utf8))
        XCTAssertEqual(annotations.imageIDs, [7])
        XCTAssertEqual(annotations.imageSize(0), ImageSize(width: 486, height: 500))
        XCTAssertEqual(annotations.annotationIDs, [3, 4])
        XCTAssertEqual(annotations.flags, [.crowd, []])
        XCTAssertEqual(
            try results("{\"image_id\": 1.0, \"category_id\": -2.0, \"bbox\": [1, 2, 3, 4], \"score\": 1}").categoryIDs,
            [-2])
        XCTAssertEqual(
            try results("{\"image_id\": 9223372036854775807, \"category_id\": 1, \"bbox\": [1, 2, 3, 4], \"score\": 1}")
                .imageIDs, [Int.max])
        for (id, says) in [
            ("1.5", "\"image_id\" is not an integer"), ("true", "\"image_id\" is not an integer"),
            (
                "9223372036854775808",
                "the number in \"image_id\" is too large. Write an integer up to 9223372036854775807"
            ),
            ("-9223372036854775809", "too large"), ("1e19", "too large"), ("9007199254740993.0", "too large"),
            ("1e400", "too large"), ("123456789012345678901234567890", "too large"),
        ] {
            let message = message {
                try results("{\"image_id\": \(id), \"category_id\": 1, \"bbox\": [1, 2, 3, 4], \"score\": 1}")
            }
            XCTAssertTrue(message.contains(says), "\(id): \(message)")
        }
    }

    /// Each value stands where nobody reads it, in a record and at the top of the file.
    func testBrokenValuesThatNobodyReadsAreFound() throws {
        let broken = [
            "tru", "nul", "01", "1.", ".5", "+1", "1e", "--1", "0x10", "1 2", "1a", "'a'", "\"a", "\"\\q\"",
            "\"\\u12g4\"", "\"a\tb\"",
            "[1,]", "[,1]", "[1 2]", "[1}", "[1, 2", "{\"a\"}", "{\"a\":}", "{\"a\": 1,}", "{\"a\" 1}", "{1: 2}",
            "{\"a\": 1]",
            "[[1, 2, 3], [4, 5,, 6]]", "[1.5, 2.5.5]", "[1,2,3] 4", "\"a\" \"b\"", "\"a\"1", "{\"a\": [{\"b\": tru}]}",
            "nan", "/**/1", "",
        ]
        for value in broken {
            let record = detection(["1", "2", "3", "4"], more: ", \"more\": \(value)")
            let inRecord = message { try results(record) }
            XCTAssertFalse(inRecord == "no error", value)
            let top = "{\"info\": \(value), \"images\": [], \"annotations\": [], \"categories\": []}"
            let atTop = message { try COCO.readInstances(write(top.utf8)) }
            XCTAssertFalse(atTop == "no error", value)
            let inOutline = """
                {"images": [], "categories": [], "annotations": [{"segmentation": \(value), "id": 1, "image_id": 1, "category_id": 1,
                "bbox": [1, 2, 3, 4]}]}
                """
            let outline = message { try COCO.readInstances(write(inOutline.utf8), unknownReferences: .drop) }
            XCTAssertFalse(outline == "no error", value)
        }
        let place = message { try results(detection(["1", "2", "3", "4"], more: ", \"s\": [[1.5, 2, x]]")) }
        XCTAssertTrue(place.contains("results[0], byte 84: this is not JSON, which wants a value here"), place)
        let control = message { try results(detection(["1", "2", "3", "4"], more: ", \"s\": \"\\x\"")) }
        XCTAssertTrue(control.contains("wants an escape that JSON has here"), control)
    }

    func testSoundValuesThatNobodyReadsArePassedOver() throws {
        let sound = [
            "null", "true", "-0.5e+10", "\"\\ud83d\\ude00 \\\" ü\"", "[]", "{}", "[ ]", "[[[[]]]]", "[1 , 2,\n3]",
            "{ \"a\" : [ { } , 1 ] }",
            "[0, -1, 0.5, 10.25, -0.125]", String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000),
            // Python's json writes these.
            "NaN", "[Infinity, -Infinity]",
        ]
        for value in sound {
            XCTAssertEqual(
                try results(detection(["1", "2", "3", "4"], score: "0.5", more: ", \"more\": \(value), \"x\": 1"))
                    .scores, [0.5], value)
            let top = "{\"info\": \(value), \"images\": [], \"annotations\": [], \"categories\": []}"
            XCTAssertEqual(try COCO.readInstances(write(top.utf8)).objectCount, 0, value)
        }
        XCTAssertTrue(
            message { try results(detection(["1", "2", "3", "4"], score: "NaN")) }.contains("\"score\" is not a number")
        )
    }

    func testKeysWithEscapesAreTheKeysThatTheyMean() throws {
        let read = try results(
            "{\"\\u0069mage_id\": 5, \"category_id\": 1, \"bbox\": [1, 2, 3, 4], \"sc\\u006fre\": 0.25, \"\\ud800\": 1}"
        )
        XCTAssertEqual(read.imageIDs, [5])
        XCTAssertEqual(read.scores, [0.25])
        XCTAssertTrue(message { try results("{\"\\k\": 5}") }.contains("not JSON"))
    }

    func testOtherEncodingsAreNamed() throws {
        let text = "[" + detection(["1", "2", "3", "4"]) + "]"
        let utf16 = Array(text.utf16)
        let little = utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let wide = text.unicodeScalars.flatMap { [UInt8($0.value), 0, 0, 0] as [UInt8] }
        for (bytes, says) in [
            ([0xFF, 0xFE] + little, "this is text in UTF-16. JSON is UTF-8"),
            ([0xFE, 0xFF] + big, "this is text in UTF-16"),
            (little, "this is text in UTF-16"), (big, "this is text in UTF-16"),
            ([0xFF, 0xFE, 0, 0] + wide, "this is text in UTF-32"), (wide, "this is text in UTF-32"),
            ([0x1F, 0x8B, 8, 0], "it is compressed with gzip. Unpack it"),
            (Array("PK\u{3}\u{4}".utf8), "it is a zip archive"),
        ] as [([UInt8], String)] {
            let message = message { try COCO.readResults(write(bytes)) }
            XCTAssertTrue(message.contains(says), "\(says): \(message)")
        }
        let latin1 = Array("[{\"image_id\": 1, \"note\": \"".utf8) + [0xE9] + Array("\"}]".utf8)
        XCTAssertTrue(
            message { try COCO.readResults(write(latin1)) }.contains(
                "results, byte 27: there is text that is not UTF-8"))
        let info = Array("{\"info\": \"".utf8) + [0xE9] + Array("\", \"images\": []}".utf8)
        XCTAssertTrue(message { try COCO.readInstances(write(info)) }.contains("wants text in UTF-8 here"))
    }

    /// Seeded changes of a sound file, held to Foundation's parser: what that refuses is refused, and boxes are the same.
    func testMutantsAreReadAsFoundationReadsThem() throws {
        struct File: Decodable {
            struct Annotation: Decodable { let bbox: [Double] }
            let annotations: [Annotation]
        }
        let sound = Array(
            """
            {"info": {"a": [1, 2.5, {"b": "x\\n"}]}, "images": [{"id": 1, "file_name": "ä.jpg", "width": 640.0, "height": 480}],
             "annotations": [{"id": 1, "image_id": 1, "category_id": 2, "bbox": [0.464620448601409630635, 2, 3e1, 4], "area": null,
             "iscrowd": 0, "segmentation": [[1, 2, 3.5, 4]]}, {"id": 2, "image_id": 1, "category_id": 2, "bbox": [5, 6.25, 7, 8]}],
             "categories": [{"id": 2, "name": "cat"}]}
            """.utf8)
        let tokens = [
            "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "0", "-", ".", "e", "null", "1.0", "\u{e9}", "\u{1}",
        ].map { Array($0.utf8) }
        let path = try write(sound)
        XCTAssertEqual(try COCO.readInstances(path).objectCount, 2)
        var random = SeededRandom(seed: 19, epoch: 0, index: 0)
        var refused = 0
        var read = 0
        for mutant in 0..<600 {
            var bytes = sound
            for _ in 0...random.integer(below: 2) {
                let at = random.integer(below: bytes.count)
                switch random.integer(below: 5) {
                case 0: bytes[at] = UInt8(random.integer(below: 256))
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(contentsOf: tokens[random.integer(below: tokens.count)], at: at)
                case 3: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.integer(below: 12)))
                default:
                    let end = min(bytes.count, at + 1 + random.integer(below: 12))
                    bytes.insert(contentsOf: Array(bytes[at..<end]), at: random.integer(below: bytes.count))
                }
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let other = try? JSONSerialization.jsonObject(with: Data(bytes))
            guard let annotations = try? COCO.readInstances(path, unknownReferences: .drop, fileNames: .unopened) else {
                refused += 1
                continue
            }
            read += 1
            let text = String(decoding: bytes, as: UTF8.self)
            XCTAssertNotNil(other, "mutant \(mutant) was read, and is not JSON: \(text)")
            guard annotations.objectCount == 2, let file = try? JSONDecoder().decode(File.self, from: Data(bytes))
            else { continue }
            for (j, annotation) in file.annotations.enumerated() {
                let object = annotations.object(j)
                XCTAssertEqual([object.x, object.y, object.width, object.height], annotation.bbox, text)
            }
        }
        XCTAssertGreaterThan(refused, 300)
        XCTAssertGreaterThan(read, 40)
    }

    /// Records that hold nothing unusual have a reader of their own. An escape in a key leaves all of them to the other one.
    func testPlainRecordsAreReadAsAllOthers() throws {
        var random = SeededRandom(seed: 23, epoch: 0, index: 0)
        func space() -> String { ["", " ", "\n  ", "\t\r"][random.integer(below: 4)] }
        func number() -> String {
            random.chance(0.5) ? "\(random.integer(below: 640)).\(random.integer(below: 100))" : decimal(&random)
        }
        func record(_ i: Int, isResult: Bool) -> String {
            let box = (0..<4).map { _ in space() + number() + space() }.joined(separator: ",")
            var items = [
                ("image_id", "\(i)"), ("category_id", ["-7", "0", "123456789012345678", "5"][i % 4]),
                ("bbox", "[\(box)]"),
                (
                    "note",
                    ["\"}{\\\"\\u00e4\"", "[]", "{\"ä\": [1, -2.5, 1e3]}", "[[1,2,3.5]]", "null"][
                        random.integer(below: 5)]
                ),
                ("bbox2", "7"), ("image_id", "\(i + 1)"),
            ]
            if isResult {
                items += [("score", number())]
                if random.chance(0.3) { items += [("file_name", "\"ä b}.jpg\""), ("category_name", "\"\"")] }
            } else {
                items += [("id", "\(i)"), ("iscrowd", ["0", "1", "-1"][random.integer(below: 3)])]
                if random.chance(0.5) { items += [("area", number()), ("ignore", "\(random.integer(below: 2))")] }
            }
            // All but the repeated key may stand anywhere.
            for k in items.indices.dropFirst(6) { items.swapAt(k, 1 + random.integer(below: 4)) }
            return "{"
                + items.map { space() + "\"\($0)\"" + space() + ":" + space() + $1 + space() }.joined(separator: ",")
                + "}"
        }
        for isResult in [true, false] {
            let plain = (1..<400).map { record($0, isResult: isResult) }
            let other = #"{"id": 900, "image_id": 1, "category_id": 5, "\u0062box": [1, 2, 3, 4], "score": 1}"#
            let both = [plain, plain + [other]].map { $0.joined(separator: space() + "," + space()) }
            if isResult {
                let read = try both.map(results)
                XCTAssertEqual(read[0].count, 399)
                for column in [\DetectionResults.x, \.y, \.width, \.height, \.scores] {
                    XCTAssertEqual(
                        read[0][keyPath: column].map(\.bitPattern),
                        read[1][keyPath: column].dropLast().map(\.bitPattern))
                }
                XCTAssertEqual(read[0].imageIDs, (2...400).map { $0 })
                XCTAssertEqual(read[0].categoryIDs, read[1].categoryIDs.dropLast())
                let names = try both.map { try ResultNames(path: write("[\($0)]".utf8)) }
                XCTAssertFalse(names[0].images.isEmpty)
                XCTAssertEqual(names[0].images, names[1].images)
            } else {
                let read = try both.map {
                    try COCORecords(path: write(#"{"images": [], "categories": [], "annotations": [\#($0)]}"#.utf8))
                }
                XCTAssertEqual(read[0].annotationIDs, (1..<400).map { $0 })
                XCTAssertEqual(read[0].annotationImages, read[1].annotationImages.dropLast())
                for column in [\COCORecords.x, \.y, \.width, \.height, \.area] {
                    XCTAssertEqual(
                        read[0][keyPath: column].map(\.bitPattern),
                        read[1][keyPath: column].dropLast().map(\.bitPattern))
                }
                XCTAssertEqual(read[0].annotationFlags, read[1].annotationFlags.dropLast())
            }
        }
    }

    /// The search for a record's end looks at 64 bytes at a time: strings, escapes and braces at every place of them.
    func testRecordsEndWhereTheirBracesDo() throws {
        var random = SeededRandom(seed: 24, epoch: 0, index: 0)
        let parts = ["a", "{", "}", "\\\"", "\\\\", "[", "ä", "bcdefgh", "\\u007b"]
        // More than a block of the file, so that some strings lie across its end.
        let notes = (0..<12_000).map { _ in
            (0..<random.integer(below: 40)).map { _ in parts[random.integer(below: parts.count)] }.joined()
        }
        let records = notes.enumerated().map { i, note in
            #"{"note": {"\#(note)": "\#(note)"}, "image_id": \#(i), "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}"#
        }
        let text = records.joined(separator: ", ")
        XCTAssertGreaterThan(text.utf8.count, 2 << 20)
        XCTAssertEqual(try results(text).imageIDs, Array(0..<12_000))
        let cut = message { try results(String(text.dropLast())) }
        XCTAssertTrue(cut.contains("results[11999]"), cut)
    }

    /// Outlines are passed over 64 bytes at a time: lists of every length, sound and with a byte changed, held to Foundation's
    /// parser.
    func testOutlinesThatNobodyReadsAreJudgedAsFoundationDoes() throws {
        let path = try write([])
        var random = SeededRandom(seed: 22, epoch: 0, index: 0)
        // Foundation refuses large exponents and lets a comma stand before the closing bracket.
        let others = Array("0123456789.., -,,]\n".utf8)
        func digits(_ count: Int) -> String {
            String((0..<count).map { _ in Character("\(random.integer(below: 10))") })
        }
        var sound = 0
        var broken = 0
        for _ in 0..<1500 {
            var list = (0..<random.integer(below: 30)).map { _ -> String in
                let sign = random.integer(below: 3) == 0 ? "-" : ""
                let length = random.integer(below: 12) == 0 ? 90 : 4
                let whole = random.integer(below: 3) == 0 ? "0" : "\(1 + random.integer(below: 9))" + digits(length - 1)
                return sign + whole
                    + (random.integer(below: 2) == 0 ? "." + digits(1 + random.integer(below: length)) : "")
            }.joined(separator: random.integer(below: 2) == 0 ? "," : ", ").utf8.map { $0 }
            if list.count > 1 && random.integer(below: 3) > 0 {
                list[random.integer(below: list.count - 1)] = others[random.integer(below: others.count)]
            }
            let text =
                #"{"images": [], "categories": [], "annotations": [{"segmentation": [["#
                + String(decoding: list, as: UTF8.self)
                + #"]], "id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}]}"#
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil
            let isRead = (try? COCO.readInstances(path, unknownReferences: .drop, fileNames: .unopened)) != nil
            XCTAssertEqual(isRead, isJSON, text)
            if isJSON { sound += 1 } else { broken += 1 }
        }
        XCTAssertGreaterThan(sound, 500)
        XCTAssertGreaterThan(broken, 300)
    }
}

/// C's function on a whole text.
private func strtod(_ text: String, nullptr: Void) -> Double { text.withCString { Foundation.strtod($0, nil) } }
