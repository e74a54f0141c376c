import Foundation
import TestSupport
import XCTest

/// `tools/device-check` from end to end, with the CPU in a device's place: its operations composed as a device's are.
final class DeviceCheckTests: XCTestCase {
    private func check(_ arguments: [String]) throws -> (run: CommandRun, results: [String: Any]) {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/env"),
            try CommandRun.of(["python3", "--version"], executable: URL(fileURLWithPath: "/usr/bin/env")).status == 0
        else { throw XCTSkip("this machine has no python3") }
        let tool = Golden.folder.deletingLastPathComponent().deletingLastPathComponent().path + "/tools/device-check"
        let file = try temporaryDirectory() + "/results.json"
        let run = try CommandRun.of(
            ["python3", tool, "--output", file, "--vertebra", CommandRun.executable("vertebra").path] + arguments,
            executable: URL(fileURLWithPath: "/usr/bin/env"))
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        return (run, try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any]))
    }

    private func parts(_ results: [String: Any]) throws -> [String: [String: Any]] {
        try XCTUnwrap(results["parts"] as? [String: [String: Any]])
    }

    private func cases(_ part: [String: Any]?) throws -> [[String: Any]] {
        try XCTUnwrap(part?["cases"] as? [[String: Any]])
    }

    func testEveryPartPassesOnACPU() throws {
        let (run, results) = try check(["--device", "cpu", "--small"])
        XCTAssertEqual(run.status, 0, run.output + run.errors)
        XCTAssertEqual(results["passed"] as? Bool, true)
        let version = try XCTUnwrap(results["version"] as? String)
        XCTAssertTrue(version.hasPrefix("vertebra ") && version.contains(", libtorch 2."), version)
        let parts = try parts(results)
        XCTAssertEqual(Set(parts.keys), ["golden", "parity", "curves", "speed", "peer"])
        // Every case has limits, and numbers that are not the CPU's own to the bit: other kernels computed them.
        for (name, count) in [("golden", 4), ("parity", 6), ("curves", 9)] {
            let cases = try cases(parts[name])
            XCTAssertEqual(cases.count, count, name)
            for one in cases {
                XCTAssertEqual(one["passed"] as? Bool, true, "\(one)")
                let limits = try XCTUnwrap(one["limits"] as? [String: Double], "\(one)")
                XCTAssertTrue(limits.keys.contains { (one[$0] as? Double ?? 0) > 0 }, "\(one)")
            }
        }
        let speed = try cases(parts["speed"])
        XCTAssertEqual(speed.count, 12)
        for one in speed { XCTAssertGreaterThan(try XCTUnwrap(one["median_ms"] as? Double), 0) }
        XCTAssertEqual((results["speed"] as? [Any])?.count, 12)
        XCTAssertTrue(run.output.contains("golden   passed  4 cases"), run.output)
    }

    /// A number that is wrong by a thousandth is found, named with its limit, and fails the whole.
    func testAWrongNumberFails() throws {
        let golden = try temporaryDirectory() + "/golden"
        try FileManager.default.copyItem(atPath: Golden.folder.path, toPath: golden)
        let file = URL(fileURLWithPath: golden + "/backbones/resnet18.json")
        var numbers = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        var training = try XCTUnwrap(numbers["train"] as? [String: Any])
        training["loss"] = try XCTUnwrap(training["loss"] as? Double) * 1.001
        numbers["train"] = training
        try JSONSerialization.data(withJSONObject: numbers).write(to: file)
        let (run, results) = try check(["--device", "cpu", "--small", "--parts", "golden", "--golden", golden])
        XCTAssertEqual(run.status, 1, run.output + run.errors)
        XCTAssertEqual(results["passed"] as? Bool, false)
        XCTAssertTrue(run.output.contains("beyond its limits: golden resnet18 cpu, loss 0.0009"), run.output)
        let failed = try cases(parts(results)["golden"]).filter { $0["passed"] as? Bool == false }
        XCTAssertEqual(failed.map { $0["case"] as? String }, ["golden resnet18 cpu"])
    }

    func testWithoutTheDeviceItFailsWithTheReason() throws {
        let (run, results) = try check(["--device", "cuda:97"])
        XCTAssertEqual(run.status, 1, run.output + run.errors)
        XCTAssertEqual(results["passed"] as? Bool, false)
        XCTAssertEqual(Array(try parts(results).keys), ["presence"])
        XCTAssertTrue(
            run.output.contains("vertebra: libtorch 2.") || run.output.contains("no device cuda:97"), run.output)
    }
}
