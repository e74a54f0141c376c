import Architectures
import XCTest

/// Multiply-adds beside what others published.
///
/// Ours are those of convolutions and linear layers. So are torchvision's, which agree to their last digit. The iResNet paper's
/// are a little higher, by what its counter takes for norms and ReLUs. The table of osmr/imgclsmob, FLOPs halved, counts two for
/// each normalised element and a half for its ReLU: with those it agrees to 0.5 %.
final class PublishedFiguresTests: XCTestCase {
    private func billions(_ name: String, at side: Int) throws -> Double {
        Double(try Catalogue.architecture(named: name).plan().multiplyAdds(input: [3, side, side])) / 1e9
    }

    private func billionsWithNorms(_ name: String, at side: Int) throws -> Double {
        let layers = try Catalogue.architecture(named: name).plan().layers(input: [3, side, side])
        let elements = layers.filter { $0.layer.kind == .batchNorm }
            .reduce(0) { $0 + $1.layer.outputs * $1.outputSize.reduce(1, *) }
        return try billions(name, at: side) + 2.5 * Double(elements) / 1e9
    }

    /// `_ops` of the weights' metadata in torchvision 0.28, GFLOPS in its documentation. Those of ResNet, ResNeXt and Wide
    /// ResNet are in `BackbonePlanTests`.
    func testTorchvisionsDenseNets() throws {
        for (name, published) in [
            ("densenet121", 2.834), ("densenet161", 7.728), ("densenet169", 3.36), ("densenet201", 4.291),
        ] {
            XCTAssertEqual(try billions(name, at: 224), published, accuracy: 6e-4, name)
        }
    }

    /// Duta et al., 2020: GFLOPs as quoted second-hand, the paper itself was not at hand; both figures are of one model.
    func testIResNetsPaper() throws {
        for (name, published) in [("resnet50", 4.14), ("iresnet50", 4.18)] {
            XCTAssertEqual(try billions(name, at: 224), published, accuracy: 0.02 * published, name)
        }
    }

    /// FLOPs/2 at 224×224 in the README of pytorch/ of github.com/osmr/imgclsmob; its names with a b have the stride on the
    /// 3×3, as here.
    func testAModelZoosFiguresAtImageNetsSize() throws {
        for (name, published) in [
            ("resnet18", 1.82041), ("resnet26", 2.35667), ("resnet38", 3.23421), ("resnet152", 11.55438),
            ("preact18", 1.82056),
            ("preact34", 3.67283), ("preact50", 4.10797), ("preact101", 7.82797), ("preact152", 11.55187),
            ("seresnet50", 4.11578), ("seresnet101", 7.83975), ("cbamresnet50", 4.11697), ("resnext101_32x4d", 8.00345),
            ("wideresnet50_2", 11.40542), ("densenet121", 2.87213), ("densenet161", 7.79316), ("densenet169", 3.40389),
            ("densenet201", 4.34715),
        ] {
            XCTAssertEqual(try billions(name, at: 224), published, accuracy: 0.02 * published, name)
            XCTAssertEqual(try billionsWithNorms(name, at: 224), published, accuracy: 0.005 * published, name)
        }
    }

    /// The published table at 32×32, where norms weigh more, with its parameters. Its WRN-28-10 has no norm behind the stem's 16
    /// channels.
    func testAModelZoosFiguresAtCIFARsSize() throws {
        for (name, parameters, published) in [
            ("cifar_resnet164", 1_704_154, 0.25531), ("cifar_resnext29_16x64d", 68_155_210, 10.70934),
            ("cifar_wrn28_10", 36_479_194 + 32, 5.24698), ("cifar_densenet_bc100_12", 769_162, 0.29845),
            ("cifar_densenet_bc250_24", 15_324_406, 5.51954), ("cifar_densenet_bc190_40", 25_624_430, 9.40045),
        ] {
            XCTAssertEqual(try Catalogue.architecture(named: name).plan().parameterCount, parameters, name)
            XCTAssertEqual(try billionsWithNorms(name, at: 32), published, accuracy: 0.005 * published, name)
        }
    }

    /// A network on clips has its pictures' multiplications in every frame, and more where a kernel is longer in time.
    func testClipsCostMoreThanTheirFrames() throws {
        let clip = try Catalogue.architecture(named: "resnet3d50").plan().multiplyAdds(input: [3, 16, 224, 224])
        XCTAssertGreaterThan(Double(clip) / 1e9, 4 * (try billions("resnet50", at: 224)))
    }
}
