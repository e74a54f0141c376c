import Foundation
import TestSupport
import XCTest

final class BenchCommandTests: XCTestCase {
    func testOneCaseAsTextAndAsJSON() throws {
        let text = try CommandRun.of(["bench", "operations", "--filter", "nms", "--threads", "1"])
        XCTAssertEqual(text.status, 0, text.errors)
        XCTAssertEqual(text.output.split(separator: "\n").count, 1, text.output)
        XCTAssertTrue(text.output.hasPrefix("nms 20000 boxes in 500x500, IoU 0.5: "), text.output)
        XCTAssertTrue(text.output.contains("7 runs, 1 threads"), text.output)

        let json = try CommandRun.of(["bench", "--filter", "NMS", "--json"])
        let line = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        XCTAssertEqual(line["case"] as? String, "nms 20000 boxes in 500x500, IoU 0.5")
        XCTAssertEqual([line["threads"], line["batch"], line["runs"]] as? [Int], [2, 20000, 7])
        let times = try ["min_ms", "median_ms", "max_ms"].map { try XCTUnwrap(line[$0] as? Double) }
        XCTAssertEqual(times, times.sorted())
        XCTAssertGreaterThan(times[0], 0)
    }

    func testTrainingStepsInEitherPrecision() throws {
        for (arguments, name) in [
            ([], "training step"), (["--precision", "bfloat16"], "training step bfloat16"),
            (["--precision", "bfloat16", "--rounds", "1"], "training step bfloat16"),
        ] {
            let run = try CommandRun.of(
                ["bench", "backbones", "--models", narrowResNet18, "--batch", "2", "--json"] + arguments)
            XCTAssertEqual(run.status, 0, run.errors)
            let line = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            XCTAssertEqual(line["case"] as? String, "\(narrowResNet18) \(name)")
        }
    }

    /// The losses of steps in bfloat16 follow those in float32; libtorch's operations, of which devices compute, are left out.
    func testCurvesOfThisPackagesOwnKernels() throws {
        let run = try CommandRun.of([
            "bench", "curves", "--own-kernels", "--small", "--rounds", "3", "--filter", "cifar_resnet26", "--json",
        ])
        let lines = run.output.split(separator: "\n")
        XCTAssertEqual(lines.count, 1, run.output)
        let line = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        XCTAssertEqual(line["case"] as? String, "cifar_resnet26_0.25 3 steps bfloat16 cpu")
        let difference = try XCTUnwrap(line["losses"] as? Double)
        XCTAssertGreaterThan(difference, 0, "bfloat16 rounds nothing")
        XCTAssertLessThan(difference, 0.05)
        XCTAssertEqual(run.status, 0, run.errors)
    }

    func testWhatASuiteLacksIsNamed() throws {
        for (arguments, status, words) in [
            (["jpeg"], 1, "the suite jpeg decodes files: name their folder with --images"),
            (["coco"], 1, "the suite coco scores files: name them with --annotations and --results"),
            (["clips"], 1, "--video"),
            (["backbones", "--models", "resnet51"], 1, "did you mean"),
            (["--threads", "0"], 64, "--threads is 0; it must be 1 to 1024"),
            (["--threads", "1025"], 64, "--threads is 1025; it must be 1 to 1024"),
            (["--batch", "0"], 64, "--batch is 0; it must be above 0."),
            (["--rounds", "0"], 64, "--rounds is 0; it must be above 0."),
        ] {
            let run = try CommandRun.of(["bench"] + arguments)
            XCTAssertEqual(run.status, Int32(status), "\(arguments): \(run.errors)")
            XCTAssertTrue(run.errors.contains(words), "\(arguments): \(run.errors)")
        }
    }
}
