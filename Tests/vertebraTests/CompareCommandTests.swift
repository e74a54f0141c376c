import Annotations
import Foundation
import TestSupport
import XCTest

/// `compare` with its options, on short trainings and on files of detections, and `score compare`.
final class CompareCommandTests: XCTestCase {
    private static let runs: Result<String, any Error> = Result {
        let folder = try TinyData.folder.get()
        for (name, seed) in [("compared", 0), ("other", 1)] {
            let trained = try CommandRun.of(
                [
                    "train", "tiny.yaml", "--output", name, "--set", "training.steps=2", "--set",
                    "training.seed=\(seed)",
                    "--set", "model.faster_rcnn.box_score_thresh=0",
                ], in: folder)
            guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        }
        return folder
    }

    func testRuns() throws {
        let folder = try Self.runs.get()
        let text = try CommandRun.of(
            [
                "compare", "compared", "other", "--resamples", "50", "--seed", "2", "--html", "page.html",
                "--threshold", "0",
            ],
            in: folder)
        XCTAssertEqual(text.status, 0, text.errors)
        XCTAssertTrue(text.errors.contains("compared: it was not measured yet, so it is measured now"), text.errors)
        XCTAssertTrue(text.errors.hasSuffix("written to page.html\n"), text.errors)
        for words in [
            "run       backbone", "images: 4", "AP50", "VOC mAP", "AP of class", "on 50 resamples of the 4 images",
            "seed 2",
        ] { XCTAssertTrue(text.output.contains(words), "\(words): \(text.output)") }
        let page = try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
        XCTAssertTrue(page.contains("<title>other against compared</title>"))
        XCTAssertTrue(page.contains("data:image/jpeg;base64,"))

        let markdown = try CommandRun.of(
            [
                "compare", "compared", "other", "--resamples", "5", "--markdown", "--html", "comparison", "--pictures",
                "0",
            ],
            in: folder)
        XCTAssertEqual(markdown.status, 0, markdown.errors)
        XCTAssertTrue(markdown.output.hasPrefix("| run | backbone |"), markdown.output)
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder + "/comparison").sorted(),
            ["comparison.json", "comparison.md", "index.html"])
        XCTAssertEqual(
            try String(contentsOfFile: folder + "/comparison/comparison.md", encoding: .utf8), markdown.output)
        let json = try CommandRun.of(["compare", "compared", "other", "--resamples", "5", "--json"], in: folder)
        XCTAssertEqual(json.errors, "")
        XCTAssertEqual(
            try String(contentsOfFile: folder + "/comparison/comparison.json", encoding: .utf8), json.output)
        let values = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let comparison = try XCTUnwrap(values["comparison"] as? [String: Any])
        XCTAssertEqual((comparison["measures"] as? [[String: Any]])?.count, 13)
        XCTAssertEqual(comparison["kind"] as? String, "detection")
        let moved = try CommandRun.of(
            ["compare", "compared", "other", "--resamples", "5", "--data", "/nowhere"], in: folder)
        XCTAssertEqual(moved.status, 2)
        XCTAssertTrue(moved.errors.contains("there is no folder /nowhere"), moved.errors)
    }

    func testClips() throws {
        let folder = try temporaryDirectory()
        try TinyClips.write(to: folder)
        for seed in ["0", "1"] {
            let trained = try CommandRun.of(
                ["train", "clips.yaml", "--output", "run\(seed)", "--set", "training.seed=\(seed)"], in: folder)
            XCTAssertEqual(trained.status, 0, trained.errors)
        }
        let run = try CommandRun.of(
            ["compare", "run0", "run1", "--resamples", "20", "--html", "page.html", "--pictures", "1"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        for words in ["videos: 9", "3×4×32×32", "McNemar's exact test", "of the 9 videos"] {
            XCTAssertTrue(run.output.contains(words), "\(words): \(run.output)")
        }
        let page = try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
        XCTAssertTrue(page.contains("<div class=\"strip\">"))
        XCTAssertTrue(page.contains("data:image/jpeg;base64,"))
    }

    private func results(in folder: String) throws -> (annotations: String, files: [String]) {
        let annotations = try TinyData.folder.get() + "/samples/coco/annotations/instances_val.json"
        let truth = try COCO.readInstances(annotations)
        let files = try ["a", "b"].map { name in
            var results = DetectionResults()
            for j in 0..<truth.objectCount where name == "a" || j % 2 == 0 {
                let image = (0..<truth.imageCount).first { truth.objects($0).contains(j) } ?? 0
                results.append(
                    imageID: truth.imageID(image), categoryID: truth.categoryIDs[Int(truth.labels[j]) - 1],
                    x: truth.x[j], y: truth.y[j], width: truth.width[j], height: truth.height[j], score: 0.9)
            }
            try COCO.writeResults(results, to: "\(folder)/\(name).json")
            return "\(folder)/\(name).json"
        }
        return (annotations, files)
    }

    func testResultsOfOtherPrograms() throws {
        let folder = try temporaryDirectory()
        let (annotations, files) = try results(in: folder)
        let arguments = ["--annotations", annotations, "--results"] + files + ["--resamples", "30"]
        let images = try TinyData.folder.get() + "/samples/coco/images"
        let run = try CommandRun.of(
            ["compare"] + arguments + ["--images", images, "--html", folder + "/page.html", "--json"])
        XCTAssertEqual(run.status, 0, run.errors)
        let page = try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
        XCTAssertTrue(page.contains("<title>b against a</title>"))
        XCTAssertTrue(page.contains("data:image/jpeg;base64,"))

        for program in ["vertebra", "vertebra-score"] {
            let words = program == "vertebra" ? ["score", "compare"] : ["compare"]
            let table = try CommandRun.of(words + arguments, command: program)
            XCTAssertEqual(table.status, 0, table.errors)
            XCTAssertTrue(table.output.contains("b is worse than a beyond chance: AP 100.0 → "), table.output)
            XCTAssertEqual(
                table.output, try CommandRun.of(["compare"] + arguments).output, "with and without the engine")
            XCTAssertTrue(
                try CommandRun.of(words + arguments + ["--markdown"], command: program).output.hasPrefix(
                    "| images: 4 |"))
        }
        let json = try CommandRun.of(["compare"] + arguments + ["--json"], command: "vertebra-score")
        let values = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let whole = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        XCTAssertEqual(NSDictionary(dictionary: values), whole["comparison"] as? NSDictionary)
        for (wrong, words) in [
            ([files[0], folder + "/none.json"], "none.json: "), ([files[0], files[0]], "is given twice"),
            ([files[0], annotations], "instances_val.json, byte 0: it holds an object"),
        ] {
            let failed = try CommandRun.of(["compare", "--annotations", annotations, "--results"] + wrong)
            XCTAssertEqual(failed.status, 1, "\(wrong)")
            XCTAssertTrue(failed.errors.contains(words), failed.errors)
        }
    }

    func testWrongCalls() throws {
        let results = ["--annotations", "a.json", "--results", "b.json", "c.json"]
        for (call, words) in [
            ([], "Name two runs or more"), (["a"], "a alone is shown by: vertebra report a"),
            (["a", "b", "--json", "--markdown"], "not both"), (["a", "b", "--resamples", "0"], "--resamples is 0"),
            (["a", "b", "--threshold", "2"], "--threshold is 2.0"),
            (["a", "b", "--pictures=-1"], "--pictures is -1"),
            (["a", "b", "--images", "c"], "--images goes with --annotations"), (["a"] + results, "but not both"),
            (["--annotations", "a.json"], "go together"), (["--results", "b.json", "c.json"], "go together"),
            (["--annotations", "a.json", "--results", "b.json"], "two files or more"),
            (results + ["--data", "d"], "--data and --set are for runs"),
        ] {
            let run = try CommandRun.of(["compare"] + call)
            XCTAssertEqual(run.status, 64, "\(call)")
            XCTAssertTrue(run.errors.contains(words), "\(call): \(run.errors)")
        }
        for call in [["--results", "b.json"], ["--results", "b.json", "c.json", "--resamples", "0"]] {
            XCTAssertEqual(try CommandRun.of(["score", "compare", "--annotations", "a.json"] + call).status, 64)
        }
        let nowhere = try CommandRun.of(["compare", "a", "b", "--html", "/proc/none/page.html"])
        XCTAssertEqual(nowhere.status, 1)
        XCTAssertTrue(nowhere.errors.contains("/proc/none/page.html"), nowhere.errors)
        let missing = try CommandRun.of(["compare", "a", "b"])
        XCTAssertEqual(missing.status, 1)
        XCTAssertTrue(missing.errors.contains("a: there is no such run"), missing.errors)
    }

    /// The small program, which begins to count in an instant.
    func testCtrlCStopsIt() throws {
        let (annotations, files) = try results(in: temporaryDirectory())
        let command = BackgroundCommand(
            ["compare", "--annotations", annotations, "--results"] + files + ["--resamples", "1000000"],
            command: "vertebra-score")
        try command.start()
        usleep(1_500_000)
        command.interrupt()
        let run = command.wait()
        XCTAssertEqual(run.status, 1, run.errors)
        XCTAssertTrue(run.errors.hasSuffix("vertebra-score: stopped\n"), run.errors)
        XCTAssertEqual(run.output, "")
    }
}
