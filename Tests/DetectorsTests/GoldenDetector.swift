import Tensors
import TestSupport

extension GoldenDetector {
    /// A file of `Tests/Golden/detection`.
    static func named(_ name: String) throws -> GoldenDetector {
        try GoldenFolder(Golden.folder).detector(named: name)
    }

    var images: [Tensor] { imageShapes.indices.map { Tensor(imageValues($0), shape: imageShapes[$0]) } }

    func weights(_ name: String, shape: [Int]) -> Tensor { Tensor(weightValues(name, shape: shape), shape: shape) }
}
