import Foundation
import NN
import Tensors
import TestSupport
import Training
import XCTest

final class CheckpointTests: XCTestCase {
    private let info = CheckpointInfo(
        classNames: ["cat", "dog"], recipe: "model: x\n# \"quoted\"", step: 7, epoch: 1, batchInEpoch: 3,
        batchesPerEpoch: 5, accumulation: 2, seed: .max, optimizer: "SGD", learningRate: 0.1,
        schedule: .linearWarmup(steps: 3, then: .cosine(total: 10)),
        best: BestScore(metric: "AP", value: 1.0 / 3, step: 5))

    private func written(_ path: String) throws -> Checkpoint {
        let checkpoint = Checkpoint(
            info: info, model: Linear(2, 3).stateDict(), optimizer: [("weight/momentum_buffer", Tensor.ones([3, 2]))],
            randomState: Random.state)
        try checkpoint.write(to: path)
        return checkpoint
    }

    func testWhatIsWrittenIsRead() throws {
        let path = try temporaryDirectory() + "/c.safetensors"
        let checkpoint = try written(path)
        let read = try Checkpoint.read(path)
        XCTAssertEqual(read.info, info)
        XCTAssertEqual(read.model.map(\.name), ["weight", "bias"])
        XCTAssertEqual(read.optimizer.map(\.name), ["weight/momentum_buffer"])
        XCTAssertEqual(read.randomState?.array(UInt8.self), checkpoint.randomState?.array(UInt8.self))
        let layer = Linear(2, 3)
        try read.load(into: layer, classNames: ["cat", "dog"], path: path)
        XCTAssertEqual(layer.weight.tensor.array(Float.self), checkpoint.model[0].tensor.array(Float.self))
    }

    /// Texts of the caller go into the metadata beside the checkpoint's own, which they can't replace.
    func testFurtherTexts() throws {
        let path = try temporaryDirectory() + "/c.safetensors"
        var checkpoint = try written(path)
        XCTAssertEqual(try Checkpoint.read(path).texts, [:])
        checkpoint.texts = ["origin": "here \"and\" there", "format": "mine", "vertebra_checkpoint": "no"]
        try checkpoint.write(to: path)
        for read in [try Checkpoint.read(path), try Checkpoint.readModel(path)] {
            XCTAssertEqual(read.texts, ["origin": "here \"and\" there"])
            XCTAssertEqual(read.info, info)
            XCTAssertTrue(read.canGoOn)
        }
        XCTAssertEqual(try Safetensors.read(path).metadata["format"], "pt")
        try Checkpoint(info: info, model: checkpoint.model).write(to: path)
        XCTAssertFalse(try Checkpoint.read(path).canGoOn)
        XCTAssertFalse(try Checkpoint.readModel(path).canGoOn)
    }

    /// Whoever uses a model reads no more than it needs, and what is left out is checked all the same.
    func testAPartIsReadWithoutTheRest() throws {
        let path = try temporaryDirectory() + "/c.safetensors"
        let checkpoint = try written(path)
        let model = try Checkpoint.readModel(path)
        XCTAssertEqual(model.info, info)
        XCTAssertEqual(model.model.map(\.name), ["weight", "bias"])
        XCTAssertEqual(model.model[0].tensor.array(Float.self), checkpoint.model[0].tensor.array(Float.self))
        XCTAssertTrue(model.optimizer.isEmpty)
        XCTAssertNil(model.randomState)
        XCTAssertEqual(try Checkpoint.readInfo(path), info)

        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.dropLast(1).write(to: URL(fileURLWithPath: path))
        XCTAssertThrowsError(try Checkpoint.readModel(path)) { XCTAssertTrue("\($0)".contains("damaged"), "\($0)") }
        XCTAssertThrowsError(try Checkpoint.readInfo(path)) { XCTAssertTrue("\($0)".contains("damaged"), "\($0)") }
    }

    func testFilesThatDontFitAreNamedWithTheReason() throws {
        let folder = try temporaryDirectory()
        let path = folder + "/c.safetensors"
        _ = try written(path)
        func assertError(_ text: String, line: UInt = #line, _ body: () throws -> Void) {
            XCTAssertThrowsError(try body(), line: line) {
                XCTAssertTrue("\($0)".contains(text), "\($0)", line: line)
                XCTAssertTrue("\($0)".contains(folder), "\($0)", line: line)
            }
        }
        let good = try Checkpoint.read(path)
        assertError("another order") { try good.load(into: Linear(2, 3), classNames: ["dog", "cat"], path: path) }
        assertError("weight: the model has [4, 2], the file [3, 2]") { try good.load(into: Linear(2, 4), path: path) }
        assertError("no such checkpoint") { _ = try Checkpoint.read(folder + "/none.safetensors") }

        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let damaged = folder + "/damaged.safetensors"
        for length in [0, 5, 100, bytes.count / 2, bytes.count - 1] {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: damaged))
            assertError("damaged") { _ = try Checkpoint.read(damaged) }
        }
        let weights = folder + "/weights.safetensors"
        try Safetensors.write(Linear(1, 1).stateDict(), to: weights)
        assertError("no checkpoint of a training run") { _ = try Checkpoint.read(weights) }
        let later = folder + "/later.safetensors"
        try Safetensors.write([], metadata: ["vertebra_checkpoint": "{\"version\": 99}"], to: later)
        assertError("format 99") { _ = try Checkpoint.read(later) }
        try Safetensors.write([], metadata: ["vertebra_checkpoint": "{\"version\": 1}"], to: later)
        assertError("description can't be read") { _ = try Checkpoint.read(later) }
    }

    /// A bit of any byte of the file is found, in the tensors and in what the file says of the run.
    func testEveryFlippedByteIsFound() throws {
        let folder = try temporaryDirectory()
        let path = folder + "/c.safetensors"
        let checkpoint = Checkpoint(
            info: info, model: Linear(2, 3).stateDict(), optimizer: [("weight/momentum_buffer", Tensor.ones([3, 2]))])
        try checkpoint.write(to: path)
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        let damaged = folder + "/damaged.safetensors"
        for offset in good.indices {
            var bytes = good
            bytes[offset] ^= 1 << UInt8(offset % 8)
            try bytes.write(to: URL(fileURLWithPath: damaged))
            XCTAssertThrowsError(try Checkpoint.read(damaged), "byte \(offset)") {
                XCTAssertTrue("\($0)".contains("damaged.safetensors"), "\($0)")
                XCTAssertFalse("\($0)".contains("NSCocoaErrorDomain"), "\($0)")
            }
        }
    }

    /// Advice names a file only where it is.
    func testADamagedCheckpointLeadsToAnotherOneThatIsThere() throws {
        let folder = try temporaryDirectory()
        let last = folder + "/last.safetensors"
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: last))
        XCTAssertThrowsError(try Checkpoint.read(last)) {
            XCTAssertFalse("\($0)".contains("best"), "\($0)")
            XCTAssertTrue("\($0)".hasSuffix("Train again from the start"), "\($0)")
        }
        _ = try written(folder + "/best.safetensors")
        XCTAssertThrowsError(try Checkpoint.read(last)) {
            XCTAssertTrue("\($0)".hasSuffix("training goes on from it with --resume-from best"), "\($0)")
        }
    }

    /// A path of one letter has no folder in front of it.
    func testADamagedCheckpointOfAShortName() {
        XCTAssertTrue("\(CheckpointError.damaged(path: "x", reason: "it ends early"))".hasPrefix("x: "))
    }

    /// A limit on the size of files makes writes fail as a full disk does.
    private func withFileSizeLimit(_ bytes: UInt, _ body: () throws -> Void) rethrows {
        var previous = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &previous)
        let handler = signal(SIGXFSZ, SIG_IGN)
        var limited = rlimit(rlim_cur: bytes, rlim_max: previous.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limited)
        defer {
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &previous)
            signal(SIGXFSZ, handler)
        }
        try body()
    }

    func testAFullDiskLeavesTheCheckpointThatWasThere() throws {
        let folder = try temporaryDirectory()
        let path = folder + "/last.safetensors"
        _ = try written(path)
        var next = try Checkpoint.read(path)
        next.info.step = 8
        try withFileSizeLimit(4096) {
            XCTAssertThrowsError(try next.write(to: path)) {
                XCTAssertTrue("\($0)".contains("The one saved before is intact"), "\($0)")
            }
        }
        XCTAssertEqual(try Checkpoint.read(path).info.step, 7)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["last.safetensors"])
        try next.write(to: path)
        XCTAssertEqual(try Checkpoint.read(path).info.step, 8)
    }

    func testAFullDiskStopsARunAndTheLastCheckpointGoesOn() throws {
        let folder = try temporaryDirectory()
        let whole = try temporaryDirectory()
        _ = try toyLoop(ToyTask(), whole, options: toyOptions(epochs: 1)).run()
        let recorder = EventRecorder()
        var options = toyOptions(epochs: 1)
        options.steps = 2
        _ = try toyLoop(ToyTask(), folder, options: options).run()
        try withFileSizeLimit(4096) {
            XCTAssertThrowsError(
                try toyLoop(ToyTask(), folder, options: toyOptions(epochs: 1), observers: [recorder]).run(resume: true)
            ) { error in
                guard case CheckpointError.cannotWrite(_, _, true) = error else { return XCTFail("\(error)") }
            }
        }
        XCTAssertEqual(try Checkpoint.read(folder + "/last.safetensors").info.step, 2)
        _ = try toyLoop(ToyTask(), folder, options: toyOptions(epochs: 1)).run(resume: true)
        let a = try Checkpoint.read(folder + "/last.safetensors")
        let b = try Checkpoint.read(whole + "/last.safetensors")
        XCTAssertEqual(a.model[0].tensor.array(Float.self), b.model[0].tensor.array(Float.self))
    }

    func testAFolderThatCantBeMadeIsAClearError() throws {
        let file = try temporaryDirectory() + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        XCTAssertThrowsError(try toyLoop(ToyTask(), file + "/run").run()) {
            XCTAssertTrue("\($0)".hasPrefix(file + "/run: can't be written"), "\($0)")
        }
    }
}
