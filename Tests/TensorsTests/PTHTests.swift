import Foundation
import Tensors
import TestSupport
import XCTest

final class PTHTests: XCTestCase {
    private var folder = ""

    override func setUpWithError() throws { folder = try temporaryDirectory() }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
    private let ramp = Tensor.arange(0, 6).reshape([2, 3])

    /// What PyTorch 2.13 wrote for `torch.save({"model": linear.state_dict(), "epoch": 3}, …)`, with the weight
    /// [[1.5, −2]] and the bias [0.25].
    private static let checkpoint = """
        UEsDBBQAAAAAAAAAIQDrBTrvQQEAAEEBAAAQAAAAYXJjaGl2ZS9kYXRhLnBrbIACfXEAKFgFAAAAbW9kZWxxAWNjb2xsZWN0aW9ucwpP
        cmRlcmVkRGljdApxAilScQMoWAYAAAB3ZWlnaHRxBGN0b3JjaC5fdXRpbHMKX3JlYnVpbGRfdGVuc29yX3YyCnEFKChYBwAAAHN0b3Jh
        Z2VxBmN0b3JjaApGbG9hdFN0b3JhZ2UKcQdYAQAAADBxCFgDAAAAY3B1cQlLAnRxClFLAEsBSwKGcQtLAksBhnEMiWgCKVJxDXRxDlJx
        D1gEAAAAYmlhc3EQaAUoKGgGaAdYAQAAADFxEWgJSwF0cRJRSwBLAYVxE0sBhXEUiWgCKVJxFXRxFlJxF3V9cRhYCQAAAF9tZXRhZGF0
        YXEZaAIpUnEaWAAAAABxG31xHFgHAAAAdmVyc2lvbnEdSwFzc3NiWAUAAABlcG9jaHEeSwN1LlBLAwQUAAAAAAAAACEAt+/cgwEAAAAB
        AAAAFwAAAGFyY2hpdmUvLmZvcm1hdF92ZXJzaW9uMVBLAwQUAAAAAAAAACEAhT3jGQYAAAAGAAAAEQAAAGFyY2hpdmUvYnl0ZW9yZGVy
        bGl0dGxlUEsDBBQAAAAAAAAAIQA6LN/MCAAAAAgAAAAOAAAAYXJjaGl2ZS9kYXRhLzAAAMA/AAAAwFBLAwQUAAAAAAAAACEA/Fqm2wQA
        AAAEAAAADgAAAGFyY2hpdmUvZGF0YS8xAACAPlBLAwQUAAAAAAAAACEA0Z5nVQIAAAACAAAADwAAAGFyY2hpdmUvdmVyc2lvbjMKUEsB
        AhQDFAAAAAAAAAAhAOsFOu9BAQAAQQEAABAAAAAAAAAAAAAAAIABAAAAAGFyY2hpdmUvZGF0YS5wa2xQSwECFAMUAAAAAAAAACEAt+/c
        gwEAAAABAAAAFwAAAAAAAAAAAAAAgAFvAQAAYXJjaGl2ZS8uZm9ybWF0X3ZlcnNpb25QSwECFAMUAAAAAAAAACEAhT3jGQYAAAAGAAAA
        EQAAAAAAAAAAAAAAgAGlAQAAYXJjaGl2ZS9ieXRlb3JkZXJQSwECFAMUAAAAAAAAACEAOizfzAgAAAAIAAAADgAAAAAAAAAAAAAAgAHa
        AQAAYXJjaGl2ZS9kYXRhLzBQSwECFAMUAAAAAAAAACEA/Fqm2wQAAAAEAAAADgAAAAAAAAAAAAAAgAEOAgAAYXJjaGl2ZS9kYXRhLzFQ
        SwECFAMUAAAAAAAAACEA0Z5nVQIAAAACAAAADwAAAAAAAAAAAAAAgAE+AgAAYXJjaGl2ZS92ZXJzaW9uUEsFBgAAAAAGAAYAdwEAAG0C
        AAAAAA==
        """

    func testACheckpointOfPyTorchsIsRead() throws {
        let bytes = try XCTUnwrap(Data(base64Encoded: Self.checkpoint, options: .ignoreUnknownCharacters))
        try bytes.write(to: URL(fileURLWithPath: path("linear.pth")))
        let file = try PTH.read(path("linear.pth"))
        let tensors = file.tensors
        XCTAssertEqual(tensors.map(\.name), ["weight", "bias"])
        XCTAssertEqual(file.keys, ["model"])
        XCTAssertEqual(file.leftOut, ["epoch (3)"])
        XCTAssertEqual(tensors[0].tensor.shape, [1, 2])
        XCTAssertEqual(tensors[0].tensor.array(Float.self), [1.5, -2])
        XCTAssertEqual(tensors[1].tensor.array(Float.self), [0.25])
    }

    func testDamagedCheckpointsAreRefusedWithTheirName() throws {
        let good = try XCTUnwrap(Data(base64Encoded: Self.checkpoint, options: .ignoreUnknownCharacters))
        for round in 0..<600 {
            var bytes = good
            switch round % 3 {
            case 0: bytes.removeLast(1 + round * 13 % good.count)
            case 1: bytes[round * 7919 % good.count] ^= 1 << UInt8(round % 8)
            default:
                // Sizes and counts beyond any file's.
                let place = round * 104_729 % (good.count - 8)
                bytes.replaceSubrange(place..<place + 8, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
            }
            try bytes.write(to: URL(fileURLWithPath: path("bad.pth")))
            do {
                _ = try PTH.read(path("bad.pth"))
                XCTAssertNotEqual(round % 3, 0, "a checkpoint cut short was read")
            } catch let error as WeightsFileError {
                XCTAssertTrue(error.description.contains("bad.pth"))
            }
        }
    }

    func testMutatedCheckpointsGiveAnErrorOrTensors() throws {
        let good = try XCTUnwrap(Data(base64Encoded: Self.checkpoint, options: .ignoreUnknownCharacters))
        let mutated = MutatedBytes(original: good)
        for round in 0..<MutatedBytes.rounds {
            try mutated.round(round).write(to: URL(fileURLWithPath: path("bad.pth")))
            do {
                let file = try PTH.read(path("bad.pth"))
                XCTAssertTrue(file.tensors.allSatisfy { $0.tensor.count <= 1 << 24 })
            } catch let error as WeightsFileError {
                XCTAssertTrue(error.description.contains("bad.pth"), "round \(round)")
            }
        }
    }

    func testEveryTypeComesBack() throws {
        let tensors = DType.allCases.map { ("\($0)", Tensor([0, 1, 1, 0, 1, 0] as [Float], shape: [3, 2]).to($0)) }
        try PTH.write(tensors + [("turned", ramp.transpose(0, 1)), ("scalar", Tensor(2.5))], to: path("types.pth"))
        let read = try PTH.read(path("types.pth")).tensors
        for (tensor, (name, expected)) in zip(read, tensors) {
            XCTAssertEqual(tensor.name, name)
            XCTAssertEqual(tensor.tensor.dtype, expected.dtype)
            XCTAssertEqual(tensor.tensor.array(Float.self), expected.array(Float.self), name)
        }
        XCTAssertEqual(read[read.count - 2].tensor.array(Float.self), [0, 3, 1, 4, 2, 5])
        XCTAssertEqual(read.last?.tensor.shape, [])
    }

    func testPTHComesBackAndForeignPicklesAreRefused() throws {
        let tensors: [(name: String, tensor: Tensor)] = [("conv.weight", ramp), ("conv.steps", Tensor([3] as [Int64]))]
        try PTH.write(tensors, to: path("a.pth"))
        let read = try PTH.read(path("a.pth")).tensors
        XCTAssertEqual(read.map(\.name), ["conv.weight", "conv.steps"])
        XCTAssertEqual(read[0].tensor.array(Float.self), ramp.array(Float.self))
        XCTAssertEqual(read[1].tensor.array(Int.self), [3])
        // torch.load takes weights only, and refuses the type tags of libtorch's own pickles.
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path("a.pth")))
        XCTAssertNil(bytes.range(of: Data("restore_type_tag".utf8)))
        XCTAssertNotNil(bytes.range(of: Data("_rebuild_tensor_v2".utf8)))
        try Data("not a checkpoint".utf8).write(to: URL(fileURLWithPath: path("b.pth")))
        XCTAssertThrowsError(try PTH.read(path("b.pth"))) { XCTAssertTrue("\($0)".contains("b.pth"), "\($0)") }
        XCTAssertThrowsError(try PTH.read(path("missing.pth")))
    }
}
