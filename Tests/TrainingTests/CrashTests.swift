import Foundation
import Support
import TestSupport
import Training
import XCTest

/// Tests of what a process does when it is killed. The process is this test bundle again, told by its environment to
/// run one role.
final class CrashTests: XCTestCase {
    private static let roleKey = "VERTEBRA_TEST_ROLE"
    private static let folderKey = "VERTEBRA_TEST_FOLDER"

    private func options() -> TrainingOptions {
        var options = toyOptions(epochs: 6)
        options.checkpoints = .steps(1)
        options.evaluation = .epochs(2)
        options.best = .init("weight")
        return options
    }

    private func task() -> ToyTask {
        let task = ToyTask()
        task.score = { ["weight": $0.net.fc1.weight.tensor.sum().item()] }
        return task
    }

    /// Does nothing in an ordinary run.
    func testRole() throws {
        let environment = ProcessInfo.processInfo.environment
        switch environment[Self.roleKey] {
        case "train":
            let folder = try XCTUnwrap(environment[Self.folderKey])
            let resume = FileManager.default.fileExists(atPath: folder + "/last.safetensors")
            let task = task()
            task.beforeBatch = { _, _ in usleep(3000) }
            _ = try toyLoop(task, folder, options: options()).run(resume: resume)
        case "signals":
            StopSignal.watching {
                // Raised on this thread: two that wait for another one are taken as one.
                raise(SIGINT)
                raise(SIGINT)
                exit(7)
            }
        default:
            break
        }
    }

    private func start(_ role: String, folder: String = "") throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["TrainingTests.CrashTests/testRole"]
        process.environment = ProcessInfo.processInfo.environment.merging(
            [Self.roleKey: role, Self.folderKey: folder, "OMP_WAIT_POLICY": "passive"]
        ) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    func testARunThatIsKilledAtAnyMomentAlwaysGoesOnFromAWholeCheckpoint() throws {
        let folder = try temporaryDirectory()
        let last = folder + "/last.safetensors"
        func savedStep() throws -> Int {
            FileManager.default.fileExists(atPath: last) ? try Checkpoint.read(last).info.step : 0
        }
        var kills = 0
        for delay in [0.02, 0.003, 0.011, 0.007] {
            let before = try savedStep()
            let process = try start("train", folder: folder)
            // Once it has taken a step, it is killed at some moment of the following ones.
            while process.isRunning, try savedStep() <= before { usleep(500) }
            usleep(UInt32(delay * 1e6))
            if process.isRunning { kills += 1 }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            XCTAssertGreaterThan(try savedStep(), min(before, 23))
        }
        XCTAssertGreaterThan(kills, 0)
        let whole = try temporaryDirectory()
        _ = try toyLoop(task(), folder, options: options()).run(resume: true)
        _ = try toyLoop(task(), whole, options: options()).run()
        let interrupted = try Checkpoint.read(last)
        let uninterrupted = try Checkpoint.read(whole + "/last.safetensors")
        XCTAssertEqual(interrupted.info, uninterrupted.info)
        for (a, b) in zip(interrupted.model, uninterrupted.model) {
            XCTAssertEqual(a.tensor.array(Double.self), b.tensor.array(Double.self), a.name)
        }
        let steps = try MetricsLog.records(folder + "/metrics.jsonl").filter { $0.kind == .step }.map(\.step)
        XCTAssertEqual(steps, Array(1...24))
    }

    func testASecondSignalEndsTheProcessAtOnce() throws {
        let process = try start("signals")
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 130)
    }
}
