import Foundation
import Tensors
import TestSupport
import XCTest

final class SafetensorsTests: XCTestCase {
    private var folder = ""

    override func setUpWithError() throws { folder = try temporaryDirectory() }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    func testEveryTypeAndShapeComesBack() throws {
        let tensors: [(name: String, tensor: Tensor)] =
            DType.allCases.map {
                ("layer.\($0)", Tensor([0, 1, 1, 0, 1, 0] as [Float], shape: [3, 2]).to($0))
            } + [("scalar", Tensor(2.5)), ("empty", .zeros([0, 4])), ("turned", ramp.transpose(0, 1))]
        try Safetensors.write(tensors, metadata: ["note": "a \"quoted\" / ünïcode line\n"], to: path("a.safetensors"))
        let file = try Safetensors.read(path("a.safetensors"))
        XCTAssertEqual(file.metadata, ["note": "a \"quoted\" / ünïcode line\n"])
        XCTAssertEqual(Set(file.tensors.map(\.name)), Set(tensors.map(\.name)))
        for (name, tensor) in tensors {
            let read = try XCTUnwrap(file.tensors.first { $0.name == name }?.tensor)
            XCTAssertEqual(read.shape, tensor.shape, name)
            XCTAssertEqual(read.dtype, tensor.dtype, name)
            XCTAssertEqual(read.array(Float.self), tensor.array(Float.self), name)
        }
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["a.safetensors"])
    }

    private let ramp = Tensor.arange(0, 6).reshape([2, 3])

    /// The bytes of the format, by hand.
    func testTheLayoutIsTheFormats() throws {
        try Safetensors.write([("w", Tensor([1, 2] as [Float]))], to: path("b.safetensors"))
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path("b.safetensors"))))
        let length = Int(bytes[0]) | Int(bytes[1]) << 8
        XCTAssertEqual(length % 8, 0)
        let header = String(decoding: bytes[8..<8 + length], as: UTF8.self).trimmingCharacters(in: .whitespaces)
        // The CRC-32 of the eight bytes below, and of this header with eight zeros in the place of 9faee4e3.
        XCTAssertEqual(
            header,
            #"{"__metadata__":{"vertebra_crc32":"{\"w\":\"2e3fa576\"}","vertebra_crc32_header":"9faee4e3"},"#
                + #""w":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}}"#)
        XCTAssertEqual(Array(bytes[(8 + length)...]), [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    }

    /// What other programs write has no checksums.
    func testAFileWithoutChecksumsIsRead() throws {
        let header = Array(#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.utf8)
        let bytes: [UInt8] = [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]
        try Data(bytes).write(to: URL(fileURLWithPath: path("foreign.safetensors")))
        XCTAssertEqual(try Safetensors.read(path("foreign.safetensors")).tensors[0].tensor.array(Float.self), [1, 2])
    }

    func testATensorThatWasChangedIsNamed() throws {
        try Safetensors.write([("a", ramp), ("w", ramp)], to: path("c.safetensors"))
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path("c.safetensors")))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path("c.safetensors")))
        XCTAssertThrowsError(try Safetensors.read(path("c.safetensors"))) {
            XCTAssertTrue("\($0)".contains("the bytes of the tensor 'w' are not those that were written"), "\($0)")
        }
        XCTAssertEqual(try Safetensors.read(path("c.safetensors"), where: { $0 == "a" }).tensors.count, 1)
    }

    /// Offsets at the limits of numbers, in every order.
    func testOffsetsBeyondAllNumbers() throws {
        for offsets in [
            "[5, -9223372036854775808]", "[-9223372036854775808, 9223372036854775807]", "[9223372036854775807, 0]",
            "[8, 0]", "[0]", "[0, 8, 8]", "[0, 99999999999999999999]",
        ] {
            let header = Data(#"{"w":{"dtype":"F32","shape":[2],"data_offsets":"#.utf8) + Data("\(offsets)}}".utf8)
            let bytes =
                Data((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }) + header + Data(count: 8)
            try bytes.write(to: URL(fileURLWithPath: path("far.safetensors")))
            XCTAssertThrowsError(try Safetensors.read(path("far.safetensors")), offsets) {
                XCTAssertTrue($0 is WeightsFileError, "\($0)")
            }
        }
    }

    func testMutatedFilesGiveAnErrorOrTensors() throws {
        try Safetensors.write(
            [("layer.weight", ramp), ("b", Tensor([1] as [Int64]))], metadata: ["format": "pt"],
            to: path("good.safetensors"))
        let mutated = MutatedBytes(original: try Data(contentsOf: URL(fileURLWithPath: path("good.safetensors"))))
        for round in 0..<MutatedBytes.rounds {
            let bytes = mutated.round(round)
            try bytes.write(to: URL(fileURLWithPath: path("bad.safetensors")))
            do {
                let file = try Safetensors.read(path("bad.safetensors"))
                let held = file.tensors.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.size }
                XCTAssertLessThanOrEqual(held, 2 * bytes.count, "round \(round)")
            } catch let error as WeightsFileError {
                XCTAssertTrue(error.description.contains("bad.safetensors"), "round \(round)")
            }
        }
    }

    func testDamagedFilesAreRefusedWithTheirName() throws {
        try Safetensors.write([("w", ramp), ("b", Tensor([1] as [Int64]))], to: path("good.safetensors"))
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path("good.safetensors"))))
        var refused = 0
        for round in 0..<400 {
            var bytes = good
            if round % 2 == 0 {
                bytes.removeLast(1 + round / 2 % good.count)
            } else {
                bytes[round * 7919 % good.count] ^= UInt8(truncatingIfNeeded: 1 << (round % 8))
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path("bad.safetensors")))
            do {
                _ = try Safetensors.read(path("bad.safetensors"))
            } catch let error as WeightsFileError {
                refused += 1
                XCTAssertTrue(error.description.contains("bad.safetensors"))
            }
        }
        XCTAssertGreaterThan(refused, 200, "every cut must be refused")
        XCTAssertThrowsError(try Safetensors.read(path("missing.safetensors")))
        XCTAssertThrowsError(try Safetensors.write([("w", ramp)], to: "\(folder)/no/such/folder/x.safetensors"))
        XCTAssertThrowsError(try Safetensors.write([("w", ramp), ("w", ramp)], to: path("twice.safetensors")))
    }

    /// What isn't asked for takes no memory, not for a moment: a checkpoint's optimiser state is as large as its weights.
    func testTensorsThatAreNotAskedForAreNotRead() throws {
        try Safetensors.write(
            [("large", Tensor.ones([64 << 18])), ("small", Tensor.ones([4]))], to: path("a.safetensors"))
        func peakGrowth(_ read: () throws -> SafetensorsFile) throws -> Int {
            // The peak begins again at what is in memory now.
            try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
            let before = try residentMemory()
            let file = try read()
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let peak = try XCTUnwrap(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            XCTAssertFalse(file.tensors.isEmpty)
            return try XCTUnwrap(Int(peak.split(whereSeparator: \.isWhitespace)[1])) * 1024 - before
        }
        let small = try peakGrowth { try Safetensors.read(path("a.safetensors")) { $0 == "small" } }
        XCTAssertLessThan(small, 16 << 20)
        XCTAssertGreaterThan(try peakGrowth { try Safetensors.read(path("a.safetensors")) }, 60 << 20)
    }

    /// The tensors are the file's bytes, and no write to them reaches the file.
    func testMappedTensors() throws {
        let names = ["large", "odd", "behind", "none"]
        try Safetensors.write(
            [
                ("large", Tensor.ones([64 << 18])), ("odd", Tensor([1, 0, 1] as [Float]).to(.uint8)), ("behind", ramp),
                ("none", .zeros([0, 4])),
            ], to: path("a.safetensors"))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path("a.safetensors")))
        let file = try Safetensors.map(path("a.safetensors")) { names.contains($0) }
        let copied = try Safetensors.read(path("a.safetensors"))
        XCTAssertEqual(file.tensors.map(\.name), copied.tensors.map(\.name))
        for (mapped, copy) in zip(file.tensors, copied.tensors) {
            XCTAssertEqual(mapped.tensor.shape, copy.tensor.shape, mapped.name)
            XCTAssertEqual(mapped.tensor.dtype, copy.tensor.dtype, mapped.name)
            XCTAssertEqual(mapped.tensor.array(Float.self), copy.tensor.array(Float.self), mapped.name)
        }
        // The file that takes its place is another.
        try Safetensors.write([("large", Tensor.zeros([4]))], to: path("a.safetensors"))
        let large = try XCTUnwrap(file.tensors.first { $0.name == "large" }?.tensor)
        XCTAssertEqual(large.sum().item(), Double(64 << 18))
        try bytes.write(to: URL(fileURLWithPath: path("b.safetensors")))
        let written = try Safetensors.map(path("b.safetensors")) { $0 == "large" }.tensors[0].tensor
        written.copyInPlace(from: .zeros([64 << 18]))
        XCTAssertEqual(written.sum().item(), 0)
        XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path("b.safetensors"))), bytes)
    }

    /// Whatever thread finds it first.
    func testTheFirstOfSeveralDamagedTensorsIsNamed() throws {
        try Safetensors.write((0..<40).map { ("t\($0 + 10)", Tensor.ones([1000])) }, to: path("d.safetensors"))
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path("d.safetensors")))
        for number in [7, 8, 39] { bytes[bytes.count - 1 - 4000 * (39 - number)] ^= 1 }
        try bytes.write(to: URL(fileURLWithPath: path("d.safetensors")))
        for _ in 0..<20 {
            XCTAssertThrowsError(try Safetensors.read(path("d.safetensors"))) {
                XCTAssertTrue("\($0)".contains("the bytes of the tensor 't17' are not those"), "\($0)")
            }
            XCTAssertThrowsError(try Safetensors.map(path("d.safetensors")) { $0 != "t17" }) {
                XCTAssertTrue("\($0)".contains("the bytes of the tensor 't18' are not those"), "\($0)")
            }
        }
    }
}
