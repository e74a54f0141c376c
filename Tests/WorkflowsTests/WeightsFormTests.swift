import Foundation
import Tensors
import TestSupport
import Workflows
import XCTest

/// A file's bytes say what it is, and its name only where they don't.
final class WeightsFormTests: XCTestCase {
    func testEndingsDoNotDecide() throws {
        let folder = try temporaryDirectory()
        let state: [(name: String, tensor: Tensor)] = [("w", Tensor([1, 2] as [Float], shape: [2]))]
        for (written, others) in [
            ("a.pth", ["b.safetensors", "b.ckpt", "b", "b.weights.h5"]), ("a.safetensors", ["c.pth", "c.bin", "c"]),
        ] {
            try WeightsFile.write(state, to: folder + "/" + written)
            for other in others {
                try? FileManager.default.removeItem(atPath: folder + "/" + other)
                try FileManager.default.copyItem(atPath: folder + "/" + written, toPath: folder + "/" + other)
                XCTAssertEqual(
                    try WeightsFile(folder + "/" + other).state.first?.tensor.array(Float.self), [1, 2], other)
            }
        }
    }

    func testTheLayoutsOfTrainingScripts() throws {
        let cases = try sharedFolder() + "/cases"
        let reference = try WeightsFile(cases + "/torchvision_reference_layout.pth")
        XCTAssertEqual(reference.state.map(\.name), ["conv1.weight"])
        XCTAssertEqual(reference.state[0].tensor.shape, [2, 3, 1, 1])
        XCTAssertEqual(reference.notes.first, "the weights under 'model'")
        XCTAssertTrue(reference.notes.contains { $0.contains("args (an object of argparse.Namespace)") })
        let lightning = try WeightsFile(cases + "/lightning_layout.ckpt")
        XCTAssertEqual(lightning.state.map(\.name), ["conv1.weight"])
        XCTAssertTrue(lightning.notes.contains("'model.' removed from every name"), "\(lightning.notes)")
    }
}
