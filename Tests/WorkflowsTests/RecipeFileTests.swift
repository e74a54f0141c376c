import Foundation
import TestSupport
import Workflows
import XCTest

/// A recipe's values in small: a section with defaults, a list, an enumeration.
private struct Small: Decodable, Equatable {
    enum Pace: String, Decodable, CaseIterable { case slow, quick, sudden }
    struct Inner: Decodable, Equatable {
        var epochs = 3
        var rate = 0.1
        enum CodingKeys: String, CodingKey, CaseIterable { case epochs, rate }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            epochs = try values.decodeIfPresent(Int.self, forKey: .epochs) ?? epochs
            rate = try values.decodeIfPresent(Double.self, forKey: .rate) ?? rate
        }
    }

    var name: String
    var pace: Pace?
    var sizes: [Int]?
    var isOn: Bool?
    var training: Inner?

    enum CodingKeys: String, CodingKey, CaseIterable { case name, pace, sizes, isOn, training }
}

final class RecipeFileTests: XCTestCase {
    private let text = """
        # a comment
        name: one
        pace: quick
        sizes: [1, 2, 3]
        training:
          epochs: 7
          rate: 1e-2
        """

    private func decode(_ text: String, settings: [String] = []) throws -> Small {
        try RecipeFile(text: text, path: "small.yaml", settings: settings).decode(Small.self)
    }

    private func message(_ text: String, settings: [String] = []) -> String {
        do {
            _ = try decode(text, settings: settings)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    func testValues() throws {
        let small = try decode(text)
        XCTAssertEqual(small.name, "one")
        XCTAssertEqual(small.pace, .quick)
        XCTAssertEqual(small.sizes, [1, 2, 3])
        XCTAssertEqual(small.training?.epochs, 7)
        XCTAssertEqual(small.training?.rate, 0.01)
    }

    func testAnUnknownKeyNamesItsLineAndTheNearest() {
        XCTAssertEqual(
            message(text.replacing("  epochs", with: "  epoch")),
            "small.yaml:6: unknown key training.epoch; did you mean training.epochs?")
        XCTAssertEqual(
            message(text + "\nweather: fine"),
            "small.yaml:8: unknown key weather; a recipe has name, pace, sizes, isOn, training")
    }

    func testAValueOfTheWrongKindNamesItsLine() {
        XCTAssertEqual(
            message(text.replacing("7", with: "many")),
            "small.yaml:6: training.epochs is a whole number, not 'many'")
        XCTAssertEqual(
            message(text.replacing("7", with: "'7'")), "small.yaml:6: training.epochs is a whole number, not '7'")
        XCTAssertEqual(
            message(text.replacing("1e-2", with: "nan")), "small.yaml:7: training.rate is a number, not 'nan'")
        XCTAssertEqual(
            message(text.replacing("[1, 2, 3]", with: "[1, two]")),
            "small.yaml:4: sizes[2] is a whole number, not 'two'")
        XCTAssertEqual(
            message("name: one\ntraining: 3"),
            "small.yaml:2: training is a section with keys of its own, not '3'")
        XCTAssertEqual(message("name: one\nisOn: perhaps"), "small.yaml:2: isOn is true or false, not 'perhaps'")
    }

    func testAnEnumerationNamesItsCases() {
        XCTAssertEqual(
            message(text.replacing("quick", with: "quik")),
            "small.yaml:3: pace is 'quik'; did you mean quick? It can be slow, quick, sudden")
    }

    func testAMissingKeyIsNamed() {
        XCTAssertEqual(message("pace: slow"), "small.yaml:1: name is missing")
    }

    func testTextThatIsNotYAML() {
        XCTAssertTrue(message("name: [1, 2").hasPrefix("small.yaml:2: this is not YAML: "), message("name: [1, 2"))
        XCTAssertEqual(
            message("just words"), "small.yaml: a recipe is made of keys and values, and this is 'just words'")
        XCTAssertEqual(message("name: a\nname: b"), "small.yaml:1: a section has 'name' twice")
    }

    func testSettingsOverride() throws {
        let small = try decode(
            text, settings: ["training.epochs=2", "sizes=[9]", "name=a b", "isOn=yes", "training.rate=3"])
        XCTAssertEqual(small.training?.epochs, 2)
        XCTAssertEqual(small.sizes, [9])
        XCTAssertEqual(small.name, "a b")
        XCTAssertEqual(small.isOn, true)
        XCTAssertEqual(small.training?.rate, 3)
    }

    func testSettingsMakeSections() throws {
        XCTAssertEqual(try decode("name: one", settings: ["training.epochs=2"]).training?.epochs, 2)
    }

    func testSettingsAreChecked() {
        XCTAssertEqual(
            message(text, settings: ["training.epoch=2"]),
            "--set training.epoch=2: unknown key training.epoch; did you mean training.epochs?")
        XCTAssertEqual(
            message(text, settings: ["training.epochs=two"]),
            "--set training.epochs=two: training.epochs is a whole number, not 'two'")
        XCTAssertEqual(
            message(text, settings: ["epochs"]), "--set epochs: a setting is key=value, such as training.epochs=3")
        XCTAssertEqual(
            message(text, settings: ["name.first=x"]),
            "--set name.first=x: name.first can't be set: 'first' would be inside 'one'")
        XCTAssertEqual(
            message(text, settings: ["training..epochs=x"]),
            "--set training..epochs=x: 'training..epochs' is not a key; write its sections and its name with dots between"
        )
    }

    func testTheTextHoldsTheSettings() throws {
        let recipe = try RecipeFile(text: text, path: "a.yaml", settings: ["training.epochs=2", "name='12'"])
        let again = try RecipeFile(text: try recipe.text, path: "b.yaml").decode(Small.self)
        XCTAssertEqual(again, try recipe.decode(Small.self))
        XCTAssertEqual(again.training?.epochs, 2)
        XCTAssertEqual(again.name, "12")
    }

    func testErrorsAtAKey() throws {
        let recipe = try RecipeFile(text: text, path: "a.yaml", settings: ["pace=slow"])
        XCTAssertEqual("\(recipe.error(at: "training.rate", "is odd"))", "a.yaml:7: training.rate: is odd")
        XCTAssertEqual("\(recipe.error(at: "training.clip", "is odd"))", "a.yaml:6: training.clip: is odd")
        XCTAssertEqual("\(recipe.error(at: "pace", "is odd"))", "--set pace=slow: pace: is odd")
        XCTAssertEqual("\(recipe.error(at: "model", "is odd"))", "a.yaml: model: is odd")
    }

    func testFilesThatCannotBeRead() {
        XCTAssertThrowsError(try RecipeFile(path: "no/such.yaml")) {
            XCTAssertEqual("\($0)", "no/such.yaml: there is no such recipe file")
        }
        XCTAssertThrowsError(try RecipeFile(path: "/")) {
            XCTAssertEqual("\($0)", "/: this is a folder, not a recipe file")
        }
    }

    func testAnotherEncodingIsNamed() throws {
        let path = try temporaryDirectory() + "/a.yaml"
        func message(_ bytes: [UInt8]) throws -> String {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                return "read: \(try RecipeFile(path: path).decode(Small.self).name)"
            } catch { return "\(error)" }
        }
        XCTAssertEqual(try message([0xEF, 0xBB, 0xBF] + Array(text.utf8)), "read: one")
        XCTAssertTrue(try message(utf16WithMark(text)).hasPrefix("\(path): it is UTF-16 text"))
        XCTAssertTrue(
            try message(Array("name: caf".utf8) + [0xE9]).hasPrefix("\(path): line 1: it holds the byte 0xE9"))
    }

    /// Nine lines that unfold to a thousand million values.
    func testAliasesThatUnfoldWithoutEndAreRefused() {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for i in 1..<9 {
            lines.append("a\(i): &a\(i) [\((0..<10).map { _ in "*a\(i - 1)" }.joined(separator: ", "))]")
        }
        XCTAssertThrowsError(try RecipeFile(text: lines.joined(separator: "\n"), path: "a.yaml")) {
            XCTAssertTrue("\($0)".contains("unfolds to more than 100000 values"), "\($0)")
        }
        let deep = "a: " + String(repeating: "[", count: 100_000)
        XCTAssertThrowsError(try RecipeFile(text: deep, path: "a.yaml"))
    }

    /// Writes files into a folder of their own and decodes the last one.
    private func inherited(_ files: [(name: String, text: String)], settings: [String] = []) throws -> Small {
        try withTemporaryFolder { folder in
            for file in files {
                let path = folder + "/" + file.name
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: URL(fileURLWithPath: path))
            }
            return try RecipeFile(path: folder + "/" + (files.last?.name ?? ""), settings: settings).decode(Small.self)
        }
    }

    private func inheritanceMessage(_ files: (name: String, text: String)...) -> String {
        do {
            return "no error: \(try inherited(files))"
        } catch {
            return "\(error)"
        }
    }

    func testABaseIsMergedSectionBySection() throws {
        let small = try inherited(
            [("base.yaml", text), ("own.yaml", "base: base.yaml\nsizes: [9]\ntraining:\n  rate: 0.5\n")],
            settings: ["name=set"])
        XCTAssertEqual(small.name, "set")
        XCTAssertEqual(small.pace, .quick)
        XCTAssertEqual(small.sizes, [9])
        XCTAssertEqual(small.training?.epochs, 7)
        XCTAssertEqual(small.training?.rate, 0.5)
    }

    func testABaseMayHaveABaseAndIsSeenFromItsOwnFolder() throws {
        let small = try inherited([
            ("deep/first.yaml", text), ("deep/second.yaml", "base: first.yaml\npace: slow"),
            ("third.yaml", "base: deep/second.yaml\nname: three"),
        ])
        XCTAssertEqual(small.name, "three")
        XCTAssertEqual(small.pace, .slow)
        XCTAssertEqual(small.training?.epochs, 7)
    }

    func testErrorsNameTheFileAndLineThatAreWrong() {
        XCTAssertTrue(
            inheritanceMessage(("base.yaml", "name: one\npace: quik"), ("own.yaml", "base: base.yaml")).contains(
                "/base.yaml:2: pace"))
        XCTAssertTrue(
            inheritanceMessage(("base.yaml", text), ("own.yaml", "base: base.yaml\npaze: slow")).contains(
                "/own.yaml:2: unknown key paze; did you mean pace?"))
        XCTAssertTrue(
            inheritanceMessage(("own.yaml", "name: x\nbase: gone.yaml")).contains("own.yaml:2: base "),
            inheritanceMessage(("own.yaml", "name: x\nbase: gone.yaml")))
        XCTAssertTrue(
            inheritanceMessage(("own.yaml", "name: x\nbase: gone.yaml")).hasSuffix("there is no such recipe file"))
        XCTAssertTrue(
            inheritanceMessage(("own.yaml", "base: [a, b]")).contains("base is another recipe's file, not a list"))
    }

    func testACircleIsRefused() {
        let message = inheritanceMessage(("a.yaml", "base: b.yaml"), ("b.yaml", "base: a.yaml"))
        XCTAssertTrue(message.contains("a.yaml:1: base: "), message)
        XCTAssertTrue(message.contains("leads back to itself"), message)
    }

    func testATextHasNoFolderForABase() {
        XCTAssertThrowsError(try RecipeFile(text: "base: x.yaml", path: "the recipe in run")) {
            XCTAssertTrue("\($0)".contains("has no folder"), "\($0)")
        }
    }
}
