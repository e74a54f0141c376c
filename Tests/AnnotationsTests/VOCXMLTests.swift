import Annotations
import Foundation
import Support
import TestSupport
import XCTest

final class VOCXMLTests: XCTestCase {
    private func read(_ text: String) throws -> VOCPicture { try read(Array(text.utf8)) }

    private func read(_ bytes: [UInt8]) throws -> VOCPicture { try VOCPicture(bytes: bytes, name: "a.xml") }

    /// Why a file is refused; nil if it is read.
    private func refusal(_ bytes: [UInt8]) -> String? {
        do {
            _ = try read(bytes)
            return nil
        } catch { return "\(error)" }
    }

    private func refusal(_ text: String) -> String? { refusal(Array(text.utf8)) }

    private func check(
        _ refusal: String?, says: [String], _ about: String = "", file: StaticString = #filePath, line: UInt = #line
    ) {
        guard let refusal else { return XCTFail("\(about) is read", file: file, line: line) }
        for words in says {
            XCTAssertTrue(refusal.contains(words), "\(about): \(refusal) lacks \(words)", file: file, line: line)
        }
    }

    private func object(name: String = "dog", extra: String = "") -> String {
        """
        <object>
          <name>\(name)</name>\(extra)
          <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40.5</ymax></bndbox>
        </object>
        """
    }

    private func picture(_ objects: String...) -> String {
        """
        <annotation>
        <filename>a.jpg</filename>
        <size><width>50</width><height>60</height><depth>3</depth></size>
        \(objects.joined(separator: "\n"))
        </annotation>
        """
    }

    func testValuesAndLines() throws {
        let found = try read(picture(object(), object(name: "cat", extra: "<difficult>1</difficult>")))
        XCTAssertEqual([found.width, found.height], [50, 60])
        XCTAssertEqual(found.fileName, "a.jpg")
        XCTAssertEqual(found.objects.map(\.name), ["dog", "cat"])
        XCTAssertEqual(found.objects.map(\.line), [4, 8])
        XCTAssertEqual(found.objects.map(\.isDifficult), [false, true])
        XCTAssertEqual(found.objects[1].ymax, 40.5)
    }

    func testIllFormedFilesAreRefusedWithTheirLine() {
        let good = picture(object(), object(name: "cat"))
        XCTAssertNil(refusal(good))
        let cases: [(String, String)] = [
            (good.replacingOccurrences(of: "</object>\n<object>", with: "</object></object>\n<object>"), "line 7"),
            (good.replacingOccurrences(of: "  <name>cat", with: "  cat"), "line 9"),
            (good.replacingOccurrences(of: "<object>\n  <name>cat", with: "\n  <name>cat"), "line 11"),
            (good.replacingOccurrences(of: "</size>", with: "</size></annotation>"), "line 4"),
            (good.replacingOccurrences(of: "cat", with: "cat & dog"), "line 9"),
            (good.replacingOccurrences(of: "cat", with: "cat < dog"), "line 9"),
            (good.replacingOccurrences(of: "cat", with: "cat\u{1}"), "line 9"),
            (good.replacingOccurrences(of: "<name>cat", with: "<name a=1>cat"), "line 9"),
            (good.replacingOccurrences(of: "<name>cat", with: "<name a='1' a='2'>cat"), "line 9"),
            (good.replacingOccurrences(of: "<name>cat</name>", with: "<x:name>cat</x:name><name>cat</name>"), "line 9"),
            (good.replacingOccurrences(of: "cat", with: "<!-- a -- b -->cat"), "line 9"),
            (good + "<annotation/>", "line 12"), (good + "\u{0}<annotation/>", "line 12"), (good + "x", "line 12"),
            ("\n" + "<?xml version=\"1.0\"?>" + good, "line 2"),
        ]
        for (text, line) in cases { check(refusal(text), says: ["a.xml, \(line): ", "not well-formed XML"], text) }
    }

    func testInstructionsCommentsAndSectionsAreRead() throws {
        for name in [
            "per<![CDATA[son]]>", "<![CDATA[person]]>", "per<!-- no -->son", "<?pi?>per<?pi with data?>son",
            "p&#101;r&#x73;on", "<![CDATA[per]]><![CDATA[son]]>", "\n\tperson ",
        ] {
            let text = picture(object(name: name, extra: "<difficult><![CDATA[1]]></difficult>"))
            let found = try read("<?xml version='1.0' standalone='yes'?><?pi?>" + text + "<?end?><!-- end -->\n")
                .objects
            XCTAssertEqual(found.map(\.name), ["person"], name)
            XCTAssertEqual(found.map(\.isDifficult), [true], name)
        }
        XCTAssertEqual(
            try read(picture(object(name: "a &amp; b &lt;c&gt; &quot;&apos;"))).objects[0].name, "a & b <c> \"'")
        XCTAssertEqual(try read(picture(object(name: "<![CDATA[a<b]]>"))).objects[0].name, "a<b")
        // Text of several buffers comes in pieces.
        let long = String(repeating: "é&amp;", count: 20_000)
        XCTAssertEqual(
            try read(picture(object(name: long))).objects[0].name, String(repeating: "é&", count: 20_000))
    }

    func testDeclaredEncodingsAreFollowed() throws {
        func declared(_ encoding: String) -> String {
            "<?xml version=\"1.0\" encoding=\"\(encoding)\"?>" + picture(object(name: "café"))
        }
        func utf16(_ text: String, bigEndian: Bool, mark: Bool = true) -> [UInt8] {
            ((mark ? "\u{FEFF}" : "") + text).utf16.flatMap { unit -> [UInt8] in
                let bytes = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
                return bigEndian ? bytes.reversed() : bytes
            }
        }
        let cases: [[UInt8]] = [
            Array(picture(object(name: "café")).utf8), Array(declared("UTF-8").utf8),
            [0xEF, 0xBB, 0xBF] + Array(declared("utf-8").utf8), latin1(declared("ISO-8859-1")),
            latin1(declared("iso-8859-15")), latin1(declared("windows-1252")),
            utf16(declared("UTF-16"), bigEndian: false), utf16(declared("UTF-16"), bigEndian: true),
            utf16(picture(object(name: "café")), bigEndian: false),
        ]
        for bytes in cases {
            XCTAssertEqual(try read(bytes).objects.map(\.name), ["café"], "\(bytes.prefix(60))")
        }
        check(refusal(declared("klingon")), says: ["line 1", "encoding that is not known", "klingon"])
        // UTF-8 that says UTF-16 of itself, and bytes that the declared encoding has no meaning for.
        XCTAssertNotNil(refusal(declared("UTF-16")))
        check(
            refusal(latin1(declared("UTF-8"))),
            says: ["line 5", "0xE9", "looks like Latin-1", "\"café\"", "no encoding but UTF-8", "ISO-8859-1"])
        XCTAssertNotNil(refusal(Array(declared("us-ascii").utf8)))
    }

    /// The byte may stand where Foundation's parser ended the process: in a comment and in names.
    func testBytesOfLatin1WithoutADeclarationAreRefusedByName() {
        let good = picture(object())
        for (old, new) in [
            ("<object>", "<!-- caf# --><object>"), ("<object>", "<?caf# a?><object>"),
            ("<object>", "<?pi caf#?><object>"),
            ("<object>", "<caf#/><object>"), ("<object>", "<object caf#='1'>"), ("<object>", "<object a='caf#'>"),
            ("dog", "caf#"), ("dog", "<![CDATA[caf#]]>"),
        ] {
            let text = good.replacingOccurrences(of: old, with: new)
            let bytes = text.utf8.map { $0 == UInt8(ascii: "#") ? 0xE9 : $0 }
            check(refusal(bytes), says: ["a.xml, line ", "0xE9", "Latin-1", "caf\u{E9}"], text)
        }
    }

    func testDocumentTypesAndEntitiesAreRefused() {
        let laughs =
            "<!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>" + picture(object(name: "&b;"))
        check(refusal(laughs), says: ["line 1", "document type", "<!DOCTYPE>"])
        for type in [
            "<!DOCTYPE annotation>", "<!DOCTYPE annotation SYSTEM \"http://example.com/a.dtd\">",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
        ] { check(refusal("\n" + type + picture(object())), says: ["line 2", "document type"], type) }
        check(refusal(picture(object(name: "caf&eacute;"))), says: ["line 5", "eacute", "&#233;"])
        // The words alone declare nothing.
        XCTAssertNil(refusal(picture(object(name: "<![CDATA[<!DOCTYPE x>]]>"))))
    }

    func testDepthAndSizeHaveLimits() {
        func nested(_ depth: Int) -> String {
            "<annotation>" + String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
                + "</annotation>"
        }
        XCTAssertNil(refusal(nested(199)))
        check(refusal(nested(200)), says: ["more than 200 elements"])
        check(refusal(nested(100_000)), says: ["more than 200 elements"])
        XCTAssertNotNil(refusal("<annotation>" + String(repeating: "<a>", count: 100_000)))
    }

    func testWhatIsAmbiguousIsRefused() throws {
        check(
            refusal(picture(object(extra: "\n<name>cat</name>"))),
            says: ["line 6", "second <name> says \"cat\"", "line 5 \"dog\""])
        XCTAssertNil(refusal(picture(object(extra: "<name> dog </name>"))))
        check(refusal(picture("<size><width>51</width></size>")), says: ["line 4", "second <width>"])
        check(refusal(picture(object(name: "dog<b>x</b>"))), says: ["line 5", "<name> holds elements"])
        check(refusal(picture(object(extra: "<bndbox><xmin>0x1</xmin></bndbox>"))), says: ["xmin"])
        check(
            refusal(picture().replacingOccurrences(of: "50", with: "0x32")), says: ["line 3", "<width> holds \"0x32\""])
        // What lies in other elements has names of its own.
        let part = "<part><name>head</name><bndbox><xmin>9</xmin></bndbox></part><v:x xmlns:v='u'><name>z</name></v:x>"
        XCTAssertEqual(try read(picture(object(extra: part))).objects[0].xmin, 1)
    }

    func testEveryMissingDoubledOrCutTagIsRefused() throws {
        let good = picture(object(), object(name: "cat", extra: "<difficult>1</difficult>"))
        let bytes = Array(good.utf8)
        var tags: [Range<Int>] = []
        for (start, byte) in bytes.enumerated() where byte == UInt8(ascii: "<") {
            let end = try XCTUnwrap(bytes[start...].firstIndex(of: UInt8(ascii: ">")))
            tags.append(start..<end + 1)
        }
        XCTAssertEqual(tags.count, 42)
        for tag in tags {
            var mutant = bytes
            mutant.removeSubrange(tag)
            XCTAssertNotNil(refusal(mutant), String(decoding: mutant, as: UTF8.self))
            mutant = bytes
            mutant.insert(contentsOf: bytes[tag], at: tag.upperBound)
            XCTAssertNotNil(refusal(mutant), String(decoding: mutant, as: UTF8.self))
        }
        for cut in 0..<bytes.count { XCTAssertNotNil(refusal(Array(bytes[..<cut])), "cut at \(cut)") }
    }

    /// Whatever bytes change, the file is read or refused: values of a file that is read are those of its text.
    func testMutantsAreReadOrRefused() {
        let good = Array(
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                + picture(object(), object(name: "<![CDATA[c]]>at<?pi?>", extra: "<difficult>1</difficult>"))).utf8)
        let pieces = [
            "<", ">", "/", "&", "]]>", "<!--", "-->", "<?", "?>", "<![CDATA[", "</object>", "<object>", "\"", "\u{0}",
        ]
        var random = SeededRandom(seed: 19, epoch: 0, index: 0)
        var read = 0
        for _ in 0..<800 {
            var mutant = good
            for _ in 0...random.integer(in: 0...1) {
                let place = random.integer(in: 0...(mutant.count - 1))
                switch random.integer(in: 0...3) {
                case 0: mutant[place] ^= 1 << UInt8(random.integer(in: 0...7))
                case 1: mutant.remove(at: place)
                case 2: mutant.insert(contentsOf: pieces[random.integer(in: 0...(pieces.count - 1))].utf8, at: place)
                default:
                    let end = min(mutant.count, place + random.integer(in: 1...30))
                    mutant.insert(contentsOf: mutant[place..<end], at: random.integer(in: 0...mutant.count))
                }
            }
            guard let found = try? self.read(mutant) else { continue }
            read += 1
            XCTAssertLessThanOrEqual(found.objects.count, 3)
            XCTAssertNotNil(String(validating: mutant, as: UTF8.self))
            XCTAssertFalse(mutant.contains(0))
        }
        XCTAssertGreaterThan(read, 20)
        XCTAssertLessThan(read, 500)
    }

    func testManyThreadsReadAtATime() {
        let texts = (0..<200).map { picture(object(name: "class \($0)")) + ($0.isMultiple(of: 3) ? "<" : "") }
        let names = parallelMap(count: texts.count, threads: 8) {
            try? VOCPicture(bytes: Array(texts[$0].utf8), name: "a.xml").objects[0].name
        }
        for (i, name) in names.enumerated() { XCTAssertEqual(name, i.isMultiple(of: 3) ? nil : "class \(i)") }
    }

    func testFilesThatAreNoFiles() throws {
        let folder = try temporaryDirectory()
        XCTAssertThrowsError(try VOCPicture(path: folder)) {
            XCTAssertTrue("\($0)".contains("it is a folder"), "\($0)")
        }
        XCTAssertThrowsError(try VOCPicture(path: folder + "/none.xml")) {
            XCTAssertTrue("\($0)".contains("no such file"), "\($0)")
        }
        check(refusal(""), says: ["line 1", "Document is empty"])
    }
}
