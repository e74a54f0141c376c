import Foundation
import TestSupport
import XCTest

final class CommandTests: XCTestCase {
    /// The message repeats the argument, and a terminal would obey what is in it.
    func testControlCharactersOfArgumentsAreEscapes() throws {
        for (command, call) in [("vertebra", ["models", "a\u{1B}[2Jb"]), ("vertebra-score", ["a\u{1B}[2Jb"])] {
            let run = try CommandRun.of(call, command: command)
            XCTAssertEqual(run.status, 64)
            XCTAssertTrue(run.errors.contains("a\\u{1B}[2Jb"), run.errors)
            XCTAssertFalse(run.errors.contains("\u{1B}"), run.errors)
        }
    }

    func testModels() throws {
        let table = try CommandRun.of(["models"])
        XCTAssertEqual(table.status, 0, table.errors)
        XCTAssertTrue(table.output.contains("resnet50 "), table.output)
        XCTAssertTrue(table.output.contains("25.557 M"), "ResNet-50's parameters")

        let json = try CommandRun.of(["models", "--json"])
        let models = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        let iresnet = try XCTUnwrap(models.first { $0["name"] as? String == "iresnet50" })
        XCTAssertEqual(iresnet["parameters"] as? Int, 25_557_032)
        XCTAssertEqual((iresnet["axes"] as? [String: Any])?["depths"] as? [Int], [3, 4, 6, 3])
    }

    func testDescribe() throws {
        let run = try CommandRun.of(["describe", "resnet18", "--classes", "10", "--input", "3x64x64"])
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains("layer4.1.conv2"), run.output)
        XCTAssertTrue(run.output.contains("512×2×2"), "stage 4 of a 64-pixel image")
        XCTAssertTrue(run.output.contains("10×512"), "the classifier of ten classes")
    }

    func testAnUnknownModelGetsTheNearestName() throws {
        let run = try CommandRun.of(["describe", "resnet51"])
        XCTAssertEqual(run.status, 64)
        XCTAssertTrue(run.errors.contains("resnet50"), run.errors)
        XCTAssertEqual(run.output, "")
    }

    func testWrongCalls() throws {
        for arguments in [
            ["models", "--jsn"], ["describe"], ["nonsense"], ["describe", "resnet18", "--input", "3x224"],
            ["describe", "resnet18", "--classes", "0"], ["convert", "a.pth", "b.txt"], ["data", "check"],
            ["data", "check", "--coco", "a.json"], ["detect", "x.jpg", "--checkpoint", "c", "--threshold", "2"],
            ["bench", "nosuchsuite"], ["train", "r.yaml", "--device", "gpu"],
        ] {
            let run = try CommandRun.of(arguments)
            XCTAssertEqual(run.status, 64, "\(arguments): \(run.errors)")
            XCTAssertTrue(run.errors.hasPrefix("Error: "), "\(arguments): \(run.errors)")
        }
    }

    func testHelp() throws {
        let run = try CommandRun.of(["--help"])
        XCTAssertEqual(run.status, 0)
        for command in [
            "models", "describe", "train", "evaluate", "report", "detect", "serve", "explain", "score", "data",
            "convert",
            "bench",
        ] {
            XCTAssertTrue(run.output.contains("  \(command) "), command)
        }
    }

    func testMissingFilesAreTheWorksFailure() throws {
        for (arguments, message) in [
            (["train", "no.yaml"], "vertebra: no.yaml: there is no such recipe file\n"),
            (["evaluate", "no-run"], "vertebra: no-run: there is no such run or checkpoint\n"),
            (["detect", "no.jpg", "--checkpoint", "no.safetensors"], "vertebra: no.jpg: there is no such image\n"),
        ] {
            let run = try CommandRun.of(arguments)
            XCTAssertEqual(run.status, 1, "\(arguments)")
            XCTAssertEqual(run.errors, message)
            XCTAssertEqual(run.output, "")
        }
    }

    func testScoreEqualsPycocotools() throws {
        let golden = Golden.url("coco").path
        let run = try CommandRun.of(
            ["score", "coco", "--annotations", golden + "/gt.json", "--results", golden + "/dt.json", "--json"])
        XCTAssertEqual(run.status, 0, run.errors)
        let scores = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let expected = try XCTUnwrap(
            (loadJSON(golden + "/expected.json") as? [String: Any])?["stats"] as? [String: Double])
        for (name, key) in [
            ("AP", "ap"), ("AP50", "ap50"), ("AP75", "ap75"), ("APs", "apSmall"), ("APm", "apMedium"),
            ("APl", "apLarge"), ("AR1", "ar1"), ("AR10", "ar10"), ("AR100", "ar100"), ("ARs", "arSmall"),
            ("ARm", "arMedium"), ("ARl", "arLarge"),
        ] {
            let value = try XCTUnwrap(scores[key] as? Double, key)
            XCTAssertEqual(value, try XCTUnwrap(expected[name]), accuracy: 1e-12, name)
        }
        let table = try CommandRun.of(
            ["score", "coco", "--annotations", golden + "/gt.json", "--results", golden + "/dt.json"])
        XCTAssertTrue(
            table.output.hasPrefix(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = "),
            table.output)
    }

    func testScoreOfBrokenResults() throws {
        let folder = try TinyData.folder.get()
        let results = folder + "/broken.json"
        try Data("[{\"image_id\": 1,".utf8).write(to: URL(fileURLWithPath: results))
        let run = try CommandRun.of(
            [
                "score", "coco", "--annotations", folder + "/samples/coco/annotations/instances_val.json", "--results",
                results,
            ])
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(run.errors.hasPrefix("vertebra: \(results)"), run.errors)
    }

    /// The command without libtorch says what the whole one says.
    func testScoresNeedNoLibtorch() throws {
        let folder = try TinyData.folder.get()
        let annotations = folder + "/samples/coco/annotations/instances_val.json"
        let results = try temporaryDirectory() + "/results.json"
        try "[{\"image_id\": 9, \"category_id\": 1, \"bbox\": [1, 2, 30, 40], \"score\": 0.5}]".write(
            toFile: results, atomically: true, encoding: .utf8)
        let arguments = ["coco", "--annotations", annotations, "--results", results]
        let small = try CommandRun.of(arguments, command: "vertebra-score")
        let whole = try CommandRun.of(["score"] + arguments)
        XCTAssertEqual(small.status, 0, small.errors)
        XCTAssertTrue(small.output.contains("Average Precision"), small.output)
        XCTAssertEqual(small.output, whole.output)
        let missing = try CommandRun.of(
            ["coco", "--annotations", "none.json", "--results", results], command: "vertebra-score")
        XCTAssertEqual(missing.status, 1)
        XCTAssertTrue(missing.errors.hasPrefix("vertebra-score: none.json"), missing.errors)
    }
}
