import Detectors
import Tensors
import TestSupport
import XCTest

final class BoxCoderTests: XCTestCase {
    /// A reference of 10 × 20 around (5, 10); the box of 20 × 20 around (15, 15) lies one width and a quarter height off,
    /// and is twice as wide.
    func testOffsetsByHand() {
        let coder = BoxCoder([10, 10, 5, 5])
        let reference = Tensor([0, 0, 10, 20] as [Float], shape: [1, 4])
        let offsets = coder.encode(Tensor([5, 5, 25, 25] as [Float], shape: [1, 4]), references: reference)
        expectEqual(offsets, [10, 2.5, 5 * 0.693_147_2, 0], absolute: 1e-6)
    }

    func testDecodingUndoesEncoding() {
        let boxes = Self.boxes("coder.boxes", 50)
        let references = Self.boxes("coder.references", 50)
        for weights in [[1.0, 1, 1, 1], [10, 10, 5, 5]] {
            let coder = BoxCoder(weights)
            expectEqual(
                coder.decode(coder.encode(boxes, references: references), references: references),
                boxes.array(Float.self), relative: 1e-4, absolute: 1e-3)
        }
    }

    /// A hopeless offset of the extents still gives a finite box: 1000 / 16 times the reference.
    func testExtentsAreLimited() {
        let coder = BoxCoder([1, 1, 1, 1])
        let reference = Tensor([0, 0, 16, 16] as [Float], shape: [1, 4])
        let box = coder.decode(Tensor([0, 0, 100, 100] as [Float], shape: [1, 4]), references: reference)
        expectEqual(box, [-492, -492, 508, 508], absolute: 1e-2)
    }

    static func boxes(_ name: String, _ count: Int) -> Tensor {
        let corners = Tensor(goldenFill(name: name + ".xy", count: 2 * count, lo: 0, hi: 200), shape: [count, 2])
        let extents = Tensor(goldenFill(name: name + ".wh", count: 2 * count, lo: 5, hi: 90), shape: [count, 2])
        return Tensor.cat([corners, corners + extents], dim: 1)
    }
}
