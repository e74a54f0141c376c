import Foundation
import Support
import TestSupport
import XCTest

/// Trainings by several real processes of this machine.
final class ProcessLauncherTests: XCTestCase {
    private func train(_ output: String, _ more: [String]) throws -> CommandRun {
        try CommandRun.of(arguments(output, more), in: TinyData.folder.get())
    }

    private func arguments(_ output: String, _ more: [String]) -> [String] {
        [
            "train", "tiny.yaml", "--output", output, "--set", "training.device_batch=2", "--set", "training.threads=1",
            "--set", "model.faster_rcnn.normalization=batch",
        ] + more
    }

    private struct Record: Decodable {
        var step: Int
        var losses: [String: Double]?
        var gradientNorm: Double?
        var metrics: [String: Double]?
        var lossScale: Double?
        var skippedSteps: Int?

        private enum CodingKeys: String, CodingKey {
            case step, losses, metrics
            case gradientNorm = "gradient_norm"
            case lossScale = "loss_scale"
            case skippedSteps = "skipped_steps"
        }
    }

    private func records(_ run: String) throws -> [Record] {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return try String(contentsOfFile: TinyData.folder.get() + "/\(run)/metrics.jsonl", encoding: .utf8)
            .split(separator: "\n").map { try decoder.decode(Record.self, from: Data($0.utf8)) }
    }

    private func assertSame(_ a: String, _ b: String, file: StaticString = #filePath, line: UInt = #line) throws {
        let (first, second) = try (records(a), records(b))
        XCTAssertEqual(first.map(\.step), second.map(\.step), file: file, line: line)
        for (x, y) in zip(first, second) {
            for (name, value) in x.losses ?? x.metrics ?? [:] {
                let other = try XCTUnwrap((y.losses ?? y.metrics ?? [:])[name], file: file, line: line)
                XCTAssertEqual(
                    value, other, accuracy: 1e-5 * max(1, abs(value)), "step \(x.step), \(name)", file: file, line: line
                )
            }
            XCTAssertEqual(
                x.gradientNorm ?? 0, y.gradientNorm ?? 0, accuracy: 1e-4 * max(1, x.gradientNorm ?? 0), file: file,
                line: line)
        }
    }

    /// Two processes take the steps of one: batch norms, samplers, losses, measures; and with an uneven last step.
    func testTwoProcessesTakeTheStepsOfOne() throws {
        let one = try train("p-one", ["--set", "training.epochs=3"])
        XCTAssertEqual(one.status, 0, one.errors)
        let two = try train(
            "p-two", ["--set", "training.epochs=3", "--processes", "2", "--timeline", "timeline.json"])
        XCTAssertEqual(two.status, 0, two.errors)
        XCTAssertTrue(two.errors.contains("2 processes share out each step"), two.errors)
        XCTAssertEqual(two.errors.components(separatedBy: "training on ").count, 2, "one of them prints: \(two.errors)")
        XCTAssertEqual(two.output, one.output.replacingOccurrences(of: "p-one", with: "p-two"))
        try assertSame("p-one", "p-two")
        XCTAssertTrue(two.errors.contains(" ms of them beside the backward pass (timeline.json)"), two.errors)
        let lines = try String(contentsOfFile: TinyData.folder.get() + "/timeline.json", encoding: .utf8)
        // The first step, which shows what has gradients, is exchanged after its backward pass.
        let steps = try records("p-two").filter { $0.losses != nil }.count
        XCTAssertEqual(lines.components(separatedBy: #""name":"backward pass""#).count - 1, steps - 1)
        XCTAssertGreaterThanOrEqual(lines.components(separatedBy: #""name":"bucket 1, "#).count - 1, steps - 1)
        let alone = try train("p-alone", ["--timeline", "alone.json"])
        XCTAssertEqual(alone.status, 64, alone.errors)
        XCTAssertTrue(alone.errors.contains("--timeline is for several processes"), alone.errors)
        // Only the first process writes logs.
        let folder = try TinyData.folder.get() + "/p-two"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        XCTAssertEqual(files.filter { $0.hasPrefix("events.out.tfevents.") }.count, 1, "\(files)")
        let environment =
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: folder + "/environment.json"))) as? [String: Any]
        let starts = try XCTUnwrap(environment?["starts"] as? [[String: Any]])
        XCTAssertEqual(starts.map { $0["processes"] as? Int }, [2])
        let rows = try String(contentsOfFile: folder + "/metrics.csv", encoding: .utf8).split(separator: "\n").count
        XCTAssertEqual(rows, try records("p-two").count + 1)
        // The statistics of norms, which the processes keep in parts, are whole in the checkpoint.
        let measured = try ["p-one", "p-two"].map { run in
            let run = try CommandRun.of(["evaluate", run, "--json"], in: TinyData.folder.get())
            XCTAssertEqual(run.status, 0, run.errors)
            return run.output
        }
        let aps = try measured.map { text -> Double in
            let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return try XCTUnwrap((json?["coco"] as? [String: Any])?["ap"] as? Double)
        }
        XCTAssertEqual(aps[0], aps[1], accuracy: 1e-5)

        for (name, more) in [("p-uneven1", []), ("p-uneven2", ["--processes", "2"])] {
            // Rare classes come more often, and what is measured are averages of the weights and of the norms' statistics. Steps
            // of four micro-batches don't divide an epoch.
            let run = try train(
                name,
                [
                    "--set", "training.batch=12", "--set", "training.device_batch=3", "--set", "training.epochs=2",
                    "--set",
                    "training.ema.decay=0.7", "--set", "training.ema.warmup_steps=0", "--set",
                    "training.sampling.repeat_threshold=0.5", "--set", "training.keep_best=2",
                ] + more)
            XCTAssertEqual(run.status, 0, run.errors)
        }
        try assertSame("p-uneven1", "p-uneven2")
    }

    /// A classifier of sixteen pictures in two folders; its recipe.
    private func classifier(_ folder: String, _ normalization: String) throws {
        let images = try TinyData.folder.get() + "/samples/coco/images"
        let names = try FileManager.default.contentsOfDirectory(atPath: images).sorted()
        for (i, name) in names.enumerated() {
            let target = "\(folder)/train/\(i % 2 == 0 ? "even" : "odd")"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(images)/\(name)", toPath: "\(target)/\(name)")
        }
        try """
        task: classification
        model: {backbone: 'resnet18:planes=8/16/32/64,stem_width=8,normalization=\(normalization)'}
        data: {root: \(folder), format: folder, train: train, val: train}
        input: {side: 96}
        training: {epochs: 5, batch: 8, schedule: constant, learning_rate: 0.002, threads: 1, drop_last: true}
        """.write(toFile: folder + "/classes.yaml", atomically: true, encoding: .utf8)
    }

    /// The factor on the loss is the same in every process, and so are the steps that it leaves out.
    func testTwoProcessesInFloat16() throws {
        for (name, more) in [("p-half1", []), ("p-half2", ["--processes", "2"])] {
            let run = try train(name, ["--set", "training.precision=float16", "--set", "training.steps=3"] + more)
            XCTAssertEqual(run.status, 0, run.errors)
        }
        let (one, two) = try (records("p-half1"), records("p-half2"))
        XCTAssertEqual(one.map(\.lossScale), two.map(\.lossScale))
        XCTAssertEqual(one.map(\.skippedSteps), two.map(\.skippedSteps))
        XCTAssertNotNil(one[0].lossScale)
        for (name, value) in one[0].losses ?? [:] {
            XCTAssertEqual(two[0].losses?[name] ?? 0, value, accuracy: 1e-3 * max(1, abs(value)), name)
        }
    }

    /// Batch norms take their statistics over `device_batch`, and those that are synchronised over all of the step.
    func testTheNormsOfAClassifier() throws {
        let tiny = try TinyData.folder.get()
        for (norm, one, tolerance) in [("batch", "4", 1e-5), ("synchronized_batch", "8", 2e-3)] {
            let folder = try temporaryDirectory()
            try classifier(folder, norm)
            for (count, deviceBatch) in [("1", one), ("2", "4")] {
                let run = try CommandRun.of(
                    [
                        "train", folder + "/classes.yaml", "--output", "p-\(norm)\(count)", "--processes", count,
                        "--set",
                        "training.device_batch=\(deviceBatch)",
                    ], in: tiny)
                XCTAssertEqual(run.status, 0, run.errors)
            }
            let (first, second) = try (records("p-\(norm)1"), records("p-\(norm)2"))
            XCTAssertEqual(first.count, second.count)
            // Whether an image's two classes change places may hang on rounding.
            for (x, y) in zip(first, second) {
                for (name, value) in x.losses ?? x.metrics ?? [:] where !name.hasPrefix("top") {
                    let other = try XCTUnwrap((y.losses ?? y.metrics ?? [:])[name])
                    XCTAssertEqual(
                        value, other, accuracy: tolerance * max(1, abs(value)), "\(norm), step \(x.step), \(name)")
                }
            }
            guard norm == "synchronized_batch" else { continue }
            // Statistics of half the step's images are other ones.
            let wrong = try CommandRun.of(
                [
                    "train", folder + "/classes.yaml", "--output", "p-halves", "--set", "training.device_batch=4",
                ], in: tiny)
            XCTAssertEqual(wrong.status, 2)
            XCTAssertTrue(
                wrong.errors.contains("one process takes them at once: set training.device_batch to 8"), wrong.errors)
        }
        // What the tolerance must tell apart.
        let (plain, synchronized) = try (records("p-batch2"), records("p-synchronized_batch2"))
        let gaps = zip(plain, synchronized).compactMap { x, y in
            x.losses?["cross_entropy"].flatMap { a in y.losses?["cross_entropy"].map { abs(a - $0) } }
        }
        XCTAssertGreaterThan(gaps.max() ?? 0, 1e-2)
    }

    /// A run goes on with another number of processes, stopped by a signal to the launcher.
    func testARunGoesOnWithAnotherNumberOfProcesses() throws {
        let settings = ["--set", "training.epochs=40"]
        let whole = try train("p-whole", settings + ["--set", "evaluation.every=0"])
        XCTAssertEqual(whole.status, 0, whole.errors)
        let command = BackgroundCommand(
            arguments("p-parts", settings + ["--set", "evaluation.every=0", "--processes", "2"]),
            in: try TinyData.folder.get())
        try command.start()
        command.wait(for: try TinyData.folder.get() + "/p-parts/metrics.jsonl")
        command.interrupt()
        let stopped = command.wait()
        XCTAssertEqual(stopped.status, 1, stopped.errors)
        XCTAssertEqual(stopped.errors.components(separatedBy: "Stopping after this step").count, 2, stopped.errors)
        XCTAssertTrue(stopped.errors.contains("--processes 2 --resume"), stopped.errors)
        let rest = try train("p-parts", settings + ["--set", "evaluation.every=0", "--resume"])
        XCTAssertEqual(rest.status, 0, rest.errors)
        try assertSame("p-whole", "p-parts")
    }

    /// The launcher ignores the signals that it hands on; its processes must not.
    func testAHangUpIsHandedOn() throws {
        let command = BackgroundCommand(
            arguments("p-hangup", ["--set", "training.epochs=1000", "--processes", "2"]), in: try TinyData.folder.get())
        try command.start()
        command.wait(for: try TinyData.folder.get() + "/p-hangup/metrics.jsonl")
        command.signal(SIGHUP)
        let run = command.wait()
        XCTAssertEqual(run.status, 1, run.errors)
        XCTAssertTrue(run.errors.contains("stopped at step "), run.errors)
        XCTAssertTrue(run.errors.contains("--processes 2 --resume"), run.errors)
    }

    /// A killed process ends the others with a line that names it, and the training goes on by itself where it may.
    func testAKilledProcess() throws {
        let settings = ["--set", "training.epochs=1000", "--set", "training.checkpoint_steps=1", "--processes", "2"]
        for (name, victim, restarts) in [("p-killed0", 0, 0), ("p-killed1", 1, 0), ("p-again", 1, 1)] {
            let seconds = restarts > 0 ? ["--seconds", "15", "--max-restarts", "1"] : []
            let command = BackgroundCommand(arguments(name, settings + seconds), in: try TinyData.folder.get())
            try command.start()
            let last = try TinyData.folder.get() + "/\(name)/last.safetensors"
            command.wait(for: last)
            let process = try XCTUnwrap(try RankedProcess.find(rank: victim, output: name))
            let killed = Date()
            kill(process, SIGKILL)
            let run = command.wait()
            XCTAssertTrue(
                run.errors.contains("rank \(victim) of 2 was ended by signal 9"), run.errors)
            if restarts > 0 {
                XCTAssertEqual(run.status, 0, run.errors)
                XCTAssertTrue(run.errors.contains("beginning again, 1 of 1 times"), run.errors)
                XCTAssertTrue(run.errors.contains("resuming at step "), run.errors)
            } else {
                XCTAssertEqual(run.status, 1, run.errors)
                XCTAssertLessThan(Date().timeIntervalSince(killed), 30)
            }
            XCTAssertNil(try RankedProcess.find(rank: 0, output: name), "a process is left")
            let read = try CommandRun.of(["convert", last, last + ".pth", "--replace"])
            XCTAssertEqual(read.status, 0, read.errors)
        }
    }

    /// The errors of processes, without the lines of those that end because another one failed.
    private static func ownErrors(_ run: CommandRun) -> [Substring] {
        run.errors.split(separator: "\n").filter { $0.hasPrefix("vertebra: ") && !$0.contains(" ends: ") }
    }

    /// A process without a sign of life is lost; the others say which.
    func testAStoppedProcess() throws {
        let command = BackgroundCommand(
            arguments("p-stopped", ["--set", "training.epochs=1000", "--processes", "2"]), in: try TinyData.folder.get()
        )
        try command.start()
        command.wait(for: try TinyData.folder.get() + "/p-stopped/metrics.jsonl")
        let process = try XCTUnwrap(try RankedProcess.find(rank: 1, output: "p-stopped"))
        let began = Date()
        kill(process, SIGSTOP)
        let run = command.wait()
        XCTAssertEqual(run.status, 1, run.errors)
        XCTAssertTrue(run.errors.contains("rank 0 of 2 ends: rank 1 has given no sign of life"), run.errors)
        XCTAssertLessThan(Date().timeIntervalSince(began), 60)
    }

    /// What a full disk does to the first process, by a limit on the size of its files: one line names the file, the last
    /// checkpoint is whole, and the run goes on once there is room.
    func testAFullDisk() throws {
        let folder = try TinyData.folder.get()
        let settings = ["--set", "training.checkpoint_steps=1", "--processes", "2"]
        let command = BackgroundCommand(
            arguments("p-disk", settings + ["--set", "training.epochs=1000"]), in: folder)
        try command.start()
        let last = folder + "/p-disk/last.safetensors"
        command.wait(for: last)
        let size = try XCTUnwrap(FileManager.default.attributesOfItem(atPath: last)[.size] as? Int)
        let process = try XCTUnwrap(try RankedProcess.find(rank: 0, output: "p-disk"))
        let limit = try CommandRun.of(
            ["--pid", "\(process)", "--fsize=\(size / 2)"], executable: URL(fileURLWithPath: "/usr/bin/prlimit"))
        XCTAssertEqual(limit.status, 0, limit.errors)
        let filled = Date()
        let run = command.wait()
        XCTAssertLessThan(Date().timeIntervalSince(filled), 60)
        XCTAssertEqual(run.status, 1, run.errors)
        XCTAssertEqual(Self.ownErrors(run).count, 1, run.errors)
        XCTAssertTrue(run.errors.contains("last.safetensors: can't be written (File too large"), run.errors)
        XCTAssertTrue(run.errors.contains("rank 1 of 2 ends: rank 0 failed: "), run.errors)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/p-disk")
        XCTAssertFalse(left.contains { $0.hasSuffix(".partial") }, "\(left)")
        let step = try XCTUnwrap(records("p-disk").last?.step)
        let rest = try train(
            "p-disk", settings + ["--set", "training.steps=\(step + 3)", "--resume", "--accept-changes"])
        XCTAssertEqual(rest.status, 0, rest.errors)
        XCTAssertTrue(rest.errors.contains("resuming at step "), rest.errors)
    }

    /// One of two processes has less memory than its share of the work needs; the pictures of the first steps were smaller.
    func testAProcessThatRunsOutOfMemory() throws {
        let folder = try TinyData.folder.get()
        let first = BackgroundCommand(
            arguments("p-memory", ["--set", "training.steps=4", "--set", "training.epochs=4"]), in: folder)
        try first.start()
        var enough = 0
        while first.isRunning {
            enough = max(enough, first.addressSpace)
            usleep(2_000)
        }
        let trained = first.wait()
        XCTAssertEqual(trained.status, 0, trained.errors)
        XCTAssertGreaterThan(enough, 100 << 20)
        let last = folder + "/p-memory/last.safetensors"
        let whole = FileManager.default.contents(atPath: last)

        let port = try XCTUnwrap(ProcessPlace.freePort())
        let script = """
            export WORLD_SIZE=2 LOCAL_WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=\(port)
            RANK=0 LOCAL_RANK=0 "$0" "$@" & other=$!
            (ulimit -v \((enough + (200 << 20)) >> 10); RANK=1 LOCAL_RANK=1 exec "$0" "$@"); code=$?
            wait $other; echo "codes $code $?"
            """
        let began = Date()
        let run = try CommandRun.of(
            ["-c", script, CommandRun.executable("vertebra").path]
                + arguments(
                    "p-memory",
                    [
                        "--set", "input.shorter_side=1400", "--set", "input.longer_side=1400", "--set",
                        "training.epochs=4",
                        "--set", "training.steps=8", "--resume", "--accept-changes",
                    ]), in: folder, executable: URL(fileURLWithPath: "/bin/bash"))
        XCTAssertTrue(run.output.contains("codes 1 1"), run.output + run.errors)
        XCTAssertTrue(run.errors.contains("vertebra: out of memory at a batch of 2 images"), run.errors)
        XCTAssertTrue(run.errors.contains("rank 0 of 2 ends: rank 1 failed: out of memory at "), run.errors)
        XCTAssertLessThan(Date().timeIntervalSince(began), 120)
        XCTAssertEqual(FileManager.default.contents(atPath: last), whole)
    }

    func testWhatCannotBeSharedOut() throws {
        let run = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "p-unshared", "--processes", "3"], in: TinyData.folder.get())
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(
            run.errors.contains(
                "a step's 4 images are 1 micro-batch of 4, which 3 processes can't share alike. Take a training.batch that "
                    + "3 divides"), run.errors)
        XCTAssertEqual(Self.ownErrors(run).count, 1, run.errors)
        let two = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "p-unshared", "--processes", "2"], in: TinyData.folder.get())
        XCTAssertTrue(two.errors.contains("Set training.device_batch to 1, 2"), two.errors)
        for (call, words) in [
            (["--processes", "0"], "it must be 1 to 1024"),
            (["--max-restarts", "1"], "--max-restarts is for --processes"),
            (["--processes", "2", "--max-restarts=-1"], "it must not be below 0"),
        ] {
            let wrong = try CommandRun.of(["train", "tiny.yaml"] + call, in: TinyData.folder.get())
            XCTAssertEqual(wrong.status, 64, wrong.errors)
            XCTAssertTrue(wrong.errors.contains(words), wrong.errors)
        }
    }

    /// An image that can't be read in one process: the run is saved, and one line tells it.
    func testAnErrorOfTheDataInOneProcess() throws {
        let folder = try temporaryDirectory()
        let samples = try TinyData.folder.get() + "/samples/coco"
        try FileManager.default.copyItem(atPath: samples, toPath: folder + "/coco")
        let images = folder + "/coco/images"
        let last = try XCTUnwrap(FileManager.default.contentsOfDirectory(atPath: images).sorted().first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: images + "/" + last))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: images + "/" + last))
        for count in ["1", "2"] {
            let run = try CommandRun.of(
                arguments("\(folder)/run\(count)", ["--set", "data.root=\(folder)", "--processes", count]),
                in: TinyData.folder.get())
            XCTAssertEqual(run.status, 1, run.errors)
            XCTAssertEqual(Self.ownErrors(run).count, 1, run.errors)
            XCTAssertTrue(run.errors.contains(last), run.errors)
        }
    }
}
