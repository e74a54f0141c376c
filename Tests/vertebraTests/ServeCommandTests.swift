import Foundation
import TestSupport
import XCTest

/// `serve`, by one short training.
final class ServeCommandTests: XCTestCase {
    private static let run: Result<String, any Error> = Result {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "served", "--set", "training.steps=2"], in: folder)
        guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        return folder
    }

    /// Starts the command and waits for its port.
    private func started(_ options: [String] = []) throws -> (command: BackgroundCommand, port: Int) {
        let command = BackgroundCommand(["serve", "served", "--port", "0"] + options, in: try Self.run.get())
        try command.start()
        let deadline = Date() + 60
        while Date() < deadline, command.isRunning, !command.outputSoFar.contains("\n") { usleep(10_000) }
        let text = command.outputSoFar
        let port = text.components(separatedBy: "http://localhost:").last.flatMap { Int($0.prefix { $0.isNumber }) }
        return (command, try XCTUnwrap(port, text))
    }

    func testItSaysWhatDetectSays() throws {
        let folder = try Self.run.get(), picture = folder + "/samples/coco/images/shapes_000001.jpg"
        let (command, port) = try started(["--score-threshold", "0"])
        let client = try LoopbackClient(port: port)
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: picture)))
        let answer = try XCTUnwrap(client.request("POST", "/detect?threshold=0&name=\(picture)", body: bytes))
        XCTAssertEqual(answer.status, 200, answer.text)
        let printed = try CommandRun.of(
            ["detect", picture, "--checkpoint", "served", "--threshold", "0", "--score-threshold", "0"], in: folder)
        XCTAssertTrue(printed.output.contains("\"score\""), printed.output)
        XCTAssertEqual(answer.text, printed.output)

        let second = try CommandRun.of(["serve", "served", "--port", "\(port)"], in: folder)
        XCTAssertEqual(second.status, 1)
        XCTAssertEqual(
            second.errors,
            "vertebra: 127.0.0.1:\(port): another program listens there; choose another --port, or --port 0 for a free one\n"
        )

        command.interrupt()
        let ended = command.wait()
        XCTAssertEqual(ended.status, 0, ended.errors)
        XCTAssertTrue(ended.output.hasPrefix("served/"), ended.output)
        XCTAssertTrue(ended.errors.contains(" POST /detect?threshold=0&name="), ended.errors)
        XCTAssertTrue(client.isEnded)
    }

    func testQuiet() throws {
        let (command, port) = try started(["--quiet"])
        XCTAssertEqual(try LoopbackClient(port: port).request("GET", "/health")?.status, 200)
        command.signal(SIGTERM)
        let ended = command.wait()
        XCTAssertEqual(ended.status, 0, ended.errors)
        XCTAssertFalse(ended.errors.contains("GET"), ended.errors)
    }

    func testWrongCalls() throws {
        for (arguments, status, words) in [
            (["serve"], 64, "checkpoint"), (["serve", "a", "--port", "65536"], 64, "must be in 0…65535"),
            (["serve", "a", "--limit-upload", "0"], 64, "--limit-upload is 0; it must be in 1…4096"),
            (["serve", "no-run"], 1, "no-run: there is no such run or checkpoint"),
        ] as [([String], Int32, String)] {
            let run = try CommandRun.of(arguments)
            XCTAssertEqual(run.status, status, "\(arguments)")
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
    }
}
