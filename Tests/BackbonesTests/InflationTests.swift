import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

final class InflationTests: XCTestCase {
    private func pair() throws -> (image: Backbone, video: Backbone) {
        let architecture = BackboneArchitecture.resNet(50).scaled(0.25).with {
            $0.depths = [1, 1]
            $0.planes = [16, 32]
            $0.groups = [1, 1]
            $0.temporalStrides = [1, 1]
            $0.classes = 7
        }
        let image = try Backbone(architecture)
        try image.fill()
        return (image, try Backbone(architecture.onVideo(classes: 7)))
    }

    func testKernelsAreRepeatedAndShared() throws {
        let (image, video) = try pair()
        let state = video.inflating(image.stateDict())
        let inflated = Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.tensor) })
        for (name, tensor) in image.stateDict() where tensor.rank == 4 {
            let kernel = try XCTUnwrap(inflated[name])
            XCTAssertEqual(kernel.rank, 5, name)
            let sum = kernel.sum([2])
            XCTAssertLessThan((sum - tensor).abs().amax().item(), 1e-6, name)
            // Each moment is the same.
            XCTAssertEqual(
                kernel.select(dim: 2, index: 0).array(Float.self),
                kernel.select(dim: 2, index: kernel.shape[2] - 1).array(Float.self), name)
        }
        XCTAssertEqual(inflated["conv1.weight"]?.shape, [16, 3, 5, 7, 7])
        XCTAssertNoThrow(try video.loadStateDict(state))
    }

    /// Away from the clip's ends, where padding stands for frames that aren't there.
    func testAStillClipGivesWhatItsPictureGives() throws {
        let (image, video) = try pair()
        try video.loadStateDict(video.inflating(image.stateDict()))
        image.eval()
        video.eval()
        let picture = Tensor(goldenFill(name: "picture", count: 3 * 48 * 48, lo: -1, hi: 1), shape: [1, 3, 48, 48])
        let clip = Tensor.cat(Array(repeating: picture.reshape([1, 3, 1, 48, 48]), count: 13), dim: 2)
        withoutGrad {
            let expected = image.features(picture)
            let found = video.features(clip)
            XCTAssertEqual([expected.count, found.count], [2, 2])
            for (a, b) in zip(expected, found) {
                let difference = (b.select(dim: 2, index: 6) - a).abs().amax().item()
                XCTAssertLessThan(difference, 1e-5 * a.abs().amax().item())
            }
        }
    }

    func testWhatDoesNotFitStaysAsItIs() throws {
        let (image, video) = try pair()
        let state = image.stateDict().map { name, tensor in
            name == "conv1.weight" ? (name, Tensor.zeros([16, 1, 7, 7])) : (name, tensor)
        }
        XCTAssertThrowsError(try video.loadStateDict(video.inflating(state))) { error in
            XCTAssertEqual((error as? StateDictError)?.report.reshaped.map(\.name), ["conv1.weight"])
        }
    }
}
