import Foundation
import Tensors
import TestSupport
import XCTest

/// Checkpoints of PyTorch before 1.6, in both of its forms, their bytes written here by hand.
final class PTHFormsTests: XCTestCase {
    private let ramp = OldStorage(31, "Float", (0..<12).map(Float.init))
    private var tensors: [OldTensor] {
        [
            OldTensor(name: "conv.weight", storage: ramp, shape: [2, 3], strides: [3, 1]),
            // One storage: its last columns, and turned.
            OldTensor(name: "conv.view", storage: ramp, shape: [2, 2], strides: [4, 1], offset: 6),
            OldTensor(name: "conv.turned", storage: ramp, shape: [3, 4], strides: [1, 3]),
            OldTensor(name: "bn.steps", storage: .init(40, "Long", [-5, 1 << 40]), shape: [2], strides: [1]),
            OldTensor(name: "scalar", storage: .init(41, "Double", [2.5]), shape: [], strides: []),
            OldTensor(name: "same", storage: .init(42, "Int", [7] as [Int32]), shape: [2, 3], strides: [0, 0]),
            OldTensor(name: "none", storage: .init(43, "Byte", [] as [UInt8]), shape: [0, 4], strides: [4, 1]),
            OldTensor(name: "short", storage: .init(44, "Short", [-300] as [Int16]), shape: [1], strides: [1]),
            OldTensor(name: "char", storage: .init(45, "Char", [-3] as [Int8]), shape: [1], strides: [1]),
        ]
    }

    private func expectTensors(_ file: PTHFile) {
        XCTAssertEqual(file.tensors.map(\.name), tensors.map(\.name))
        XCTAssertEqual(file.tensors.map(\.tensor.shape), tensors.map(\.shape))
        let values = file.tensors.map { $0.tensor.array(Double.self) }
        XCTAssertEqual(values[0], [0, 1, 2, 3, 4, 5])
        XCTAssertEqual(values[1], [6, 7, 10, 11])
        XCTAssertEqual(values[2], [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
        XCTAssertEqual(file.tensors[3].tensor.array(Int.self), [-5, 1 << 40])
        XCTAssertEqual(values[4], [2.5])
        XCTAssertEqual(values[5], [7, 7, 7, 7, 7, 7])
        XCTAssertEqual(values[6], [])
        XCTAssertEqual(values[7], [-300])
        XCTAssertEqual(values[8], [-3])
        XCTAssertEqual(
            file.tensors.map(\.tensor.dtype),
            [.float32, .float32, .float32, .int64, .float64, .int32, .uint8, .int16, .int8])
        XCTAssertTrue(file.keys.isEmpty)
        XCTAssertTrue(file.leftOut.isEmpty)
    }

    func testTheStreamOfPickles() throws {
        expectTensors(try read(OldCheckpoints.stream(tensors)))
        expectTensors(try read(OldCheckpoints.stream(tensors), "checkpoint.pth.tar"))
    }

    func testTheTar() throws {
        expectTensors(try read(OldCheckpoints.tar(tensors)))
    }

    func testViewsOfTheTarsStorages() throws {
        let root = OldTensor(name: "root", storage: ramp, shape: [12], strides: [1])
        let view = OldTensor(name: "view", storage: .init(50, "Float", [Float]()), shape: [2], strides: [2], offset: 1)
        let file = try read(OldCheckpoints.tar([root, view], views: [(50, 31, 4, 4)]))
        XCTAssertEqual(file.tensors[1].tensor.array(Float.self), [5, 7])
        XCTAssertTrue(
            message(OldCheckpoints.tar([root, view], views: [(50, 31, 4, 9)])).contains(
                "a view doesn't lie in its storage"))
    }

    /// What training scripts save: the weights under a key, and much beside them.
    func testTheStateDictOfACheckpointIsFound() throws {
        let weights: (inout PickleBytes) -> Void = { [tensors] pickle in
            pickle.dictionary(
                tensors.prefix(2).map { tensor in (tensor.name, { OldCheckpoints.streamTensor(tensor, &$0) }) },
                isOrdered: true)
            pickle.dictionary([("_metadata", { $0.none() })])
            pickle.opcode("b")
        }
        let momentum = OldTensor(name: "", storage: .init(60, "Float", [1, 2] as [Float]), shape: [2], strides: [1])
        for key in ["state_dict", "model", "model_state", "anything"] {
            let file = try read(
                OldCheckpoints.stream(tensors.prefix(2) + [momentum]) { pickle in
                    pickle.dictionary([
                        ("epoch", { $0.integer(90) }), ("arch", { $0.text("resnet50") }),
                        (
                            "optimizer",
                            {
                                $0.dictionary([
                                    (
                                        "state",
                                        { $0.dictionary([("0", { OldCheckpoints.streamTensor(momentum, &$0) })]) }
                                    ),
                                    ("param_groups", { $0.opcode("]") }),
                                ])
                            }
                        ), (key, weights),
                        (
                            "milestones",
                            {
                                $0.global("collections", "Counter")
                                $0.opcode("}")
                                $0.raw([0x85])
                                $0.opcode("R")
                            }
                        ),
                    ])
                })
            XCTAssertEqual(file.tensors.map(\.name), ["conv.weight", "conv.view"], key)
            XCTAssertEqual(file.keys, [key])
            XCTAssertEqual(
                file.leftOut,
                ["epoch (90)", "arch (resnet50)", "optimizer (a dictionary of 2)", "milestones (a dictionary of 0)"])
        }
    }

    func testATensorBesideTheStateDictIsNotTheStateDict() throws {
        let file = try read(
            OldCheckpoints.stream([tensors[0], tensors[4]]) { [tensors] pickle in
                pickle.dictionary([
                    ("best_acc1", { OldCheckpoints.streamTensor(tensors[4], &$0) }),
                    ("state_dict", { $0.dictionary([("w", { OldCheckpoints.streamTensor(tensors[0], &$0) })]) }),
                ])
            })
        XCTAssertEqual(file.tensors.map(\.name), ["w"])
        XCTAssertEqual(file.leftOut, ["best_acc1 (a tensor [])"])
    }

    func testSeveralNetworksKeepTheirNames() throws {
        let file = try read(
            OldCheckpoints.stream([tensors[0], tensors[4]]) { [tensors] pickle in
                pickle.dictionary([
                    ("generator", { $0.dictionary([("w", { OldCheckpoints.streamTensor(tensors[0], &$0) })]) }),
                    ("discriminator", { $0.dictionary([("w", { OldCheckpoints.streamTensor(tensors[4], &$0) })]) }),
                ])
            })
        XCTAssertEqual(file.tensors.map(\.name), ["generator.w", "discriminator.w"])
    }

    func testOtherFilesAreRefused() {
        for data in [Data(), Data("not a checkpoint".utf8), Data([0x80, 2, 0x4B, 1, 0x2E]), Data(count: 2000)] {
            XCTAssertTrue(
                message(data).contains("torch.save") || message(data).contains("fetch it again"), message(data))
        }
        XCTAssertTrue(message(OldCheckpoints.stream([]) { $0.integer(3) }).contains("it holds 3"))
        XCTAssertTrue(message(OldCheckpoints.stream([]) { $0.opcode("}") }).contains("it holds no tensors"))
    }

    /// A tensor never reaches beyond its storage, whatever its numbers are.
    func testTensorsOutsideTheirStorage() {
        for (shape, strides, offset) in [
            ([13], [1], 0), ([12], [1], 1), ([2, 2], [11, 1], 0), ([1 << 62, 4], [1 << 62, 1], 0), ([-1], [1], 0),
            ([2], [-1], 4), ([2], [1], -1), ([1 << 40], [0], 0),
        ] {
            let tensor = OldTensor(name: "w", storage: ramp, shape: shape, strides: strides, offset: offset)
            for data in [OldCheckpoints.stream([tensor]), OldCheckpoints.tar([tensor])] {
                XCTAssertTrue(message(data).contains("a tensor doesn't lie in its storage"), message(data))
            }
        }
    }

    /// Storages whose announced sizes disagree with each other or with the file are refused before any memory is taken.
    func testSizesThatTheFileDoesNotHave() {
        var data = OldCheckpoints.stream([tensors[0]])
        let size = countPlace(of: data)
        for value: UInt8 in [0x7F, 0xFF] {
            data[size + 7] = value
            XCTAssertTrue(message(data).contains("at byte \(size)"), message(data))
        }
        var announced = tensors[0]
        announced.shape = [1 << 36]
        announced.strides = [1]
        announced.storage.bytes = []
        XCTAssertTrue(message(OldCheckpoints.stream([announced])).contains("doesn't lie in its storage"))
        // Eleven elements where the tensor needs twelve.
        let short = OldCheckpoints.stream([tensors[2]])
        var cut = Data(short.dropLast(4))
        cut[countPlace(of: short)] = 11
        XCTAssertTrue(message(cut).contains("needs 12 elements"), message(cut))
    }

    private func countPlace(of stream: Data) -> Int { stream.count - ramp.bytes.count - 8 }

    /// Nested a million times, in circles, or doubled at every step: an answer, and no crash.
    func testPicklesMadeToBreakReaders() {
        func nested(_ count: Int) -> String {
            message(OldCheckpoints.stream([]) { $0.raw([0x5D] + [UInt8](repeating: 0x85, count: count)) })
        }
        XCTAssertTrue(nested(1_000_000).contains("it holds a list of 1"))
        let chain = message(
            OldCheckpoints.stream([]) { pickle in
                for _ in 0..<300_000 { pickle.opcode("}X\u{1}\u{0}\u{0}\u{0}a") }
                pickle.opcode("N" + String(repeating: "s", count: 300_000))
            })
        XCTAssertTrue(chain.contains("it holds no tensors"), chain)
        let circle = message(
            OldCheckpoints.stream([]) { pickle in
                pickle.opcode("}q\u{0}")
                pickle.text("model")
                pickle.opcode("h\u{0}s")
            })
        XCTAssertTrue(circle.contains("it holds no tensors"), circle)
        let doubled = message(
            OldCheckpoints.stream([]) { pickle in
                pickle.opcode("}q\u{0}")
                for place: UInt8 in 1..<60 {
                    pickle.opcode("}q")
                    pickle.raw([place])
                    pickle.opcode("(")
                    for key in 0..<9 {
                        pickle.text("model\(key == 0 ? "" : String(key))")
                        pickle.opcode("h")
                        pickle.raw([place - 1])
                    }
                    pickle.opcode("u")
                }
            })
        XCTAssertTrue(doubled.contains("more than a million entries"), doubled)
        let long = message(OldCheckpoints.stream([]) { $0.raw([UInt8](repeating: 0x4E, count: 10_000_001)) })
        XCTAssertTrue(long.contains("more than 10000000 steps"), long)
    }

    func testMutatedFilesGiveAnErrorOrTensors() throws {
        let floats = ([1.5, -2] as [Float]).withUnsafeBytes(Array.init)
        let arrays = PickleBytes.of { pickle in
            pickle.dictionary([
                ("w", { $0.array(type: "f4", shape: [2], bytes: floats) }),
                ("x", { $0.array(type: "f4", shape: [2], bytes: floats, asText: true) }),
            ])
        }
        let path = try temporaryDirectory() + "/bad.pth"
        for good in [OldCheckpoints.stream(tensors), OldCheckpoints.tar(tensors), arrays] {
            let mutated = MutatedBytes(original: good)
            for round in 0..<MutatedBytes.rounds {
                try mutated.round(round).write(to: URL(fileURLWithPath: path))
                do {
                    let file = try PTH.read(path)
                    XCTAssertTrue(file.tensors.allSatisfy { $0.tensor.count <= 1 << 24 })
                } catch let error as WeightsFileError {
                    XCTAssertTrue(error.description.contains("bad.pth"), "round \(round)")
                }
            }
        }
    }

    func testDamagedFilesGiveAnErrorOrTensors() throws {
        for good in [OldCheckpoints.stream(tensors), OldCheckpoints.tar(tensors)] {
            let path = try temporaryDirectory() + "/bad.pth"
            func survives(_ bytes: Data) throws -> Bool {
                try bytes.write(to: URL(fileURLWithPath: path))
                do {
                    let file = try PTH.read(path)
                    // What is read lies within the file's bytes.
                    XCTAssertTrue(file.tensors.allSatisfy { $0.tensor.count <= 1 << 24 })
                    return true
                } catch let error as WeightsFileError {
                    XCTAssertTrue(error.description.contains("bad.pth"))
                    return false
                }
            }
            // The tar ends in zeros that nobody reads, and its last storage in zeros of a block.
            let needed = good.starts(with: [0x80]) ? good.count : good.lastIndex { $0 != 0 } ?? 0
            for round in 0..<600 {
                XCTAssertFalse(try survives(good.prefix(round * (needed - 1) / 600)), "cut short, and read")
                var flipped = good
                flipped[round * 7919 % good.count] ^= 1 << UInt8(round % 8)
                _ = try survives(flipped)
                var large = good
                let place = round * 104_729 % (good.count - 8)
                large.replaceSubrange(place..<place + 8, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
                _ = try survives(large)
            }
        }
    }
}
