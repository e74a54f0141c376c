import Architectures
import Backbones
import Foundation
import Media
import Tensors
import TestSupport
import Workflows
import XCTest

/// A network made by hand: its first channel carries the brightness of every eighth pixel through all stages, its second
/// class is for it and its first against it. So the second class is where the picture is bright.
enum CornerClassifier {
    static let model = "cifar_resnet26_0.25"

    /// - Returns: the path of its weights.
    static func write(into folder: String, classes: Int = 2, name: String = "corner.safetensors") throws -> String {
        let network = try Backbone(Catalogue.architecture(named: model), classes: classes)
        let state = network.stateDict().map { name, tensor in
            var values = [Float](repeating: 0, count: tensor.count)
            func set(_ index: [Int], _ value: Float) {
                values[zip(index, tensor.shape).reduce(0) { $0 * $1.1 + $1.0 }] = value
            }
            switch name {
            case "conv1.weight":
                for color in 0..<3 { set([0, color, 1, 1], 1) }
            case "fc.weight":
                set([0, 0], -1)
                set([1, 0], 1)
            case _ where name.hasSuffix("downsample.0.weight"): set([0, 0, 0, 0], 1)
            // The residual branches are zero, so every block is its shortcut.
            case _ where name.hasSuffix("bn1.weight") || name.hasSuffix("downsample.1.weight"),
                _ where name.hasSuffix("running_var"):
                values = values.map { _ in 1 }
            default: break
            }
            return (name: name, tensor: Tensor(values, shape: tensor.shape))
        }
        let path = folder + "/" + name
        try WeightsFile.write(state, to: path)
        return path
    }

    /// A dark picture with a bright square a quarter of its size in a corner.
    static func picture(width: Int, height: Int, right: Bool = true, bottom: Bool = true) -> ByteImage {
        let bright = ByteImage(width: width / 4, height: height / 4, filledWith: 250)
        var image = ByteImage(width: width, height: height, filledWith: 20)
        image.overlay(bright, x: right ? width - bright.width : 0, y: bottom ? height - bright.height : 0)
        return image
    }
}
