import Architectures
import XCTest

final class DensePlanningTests: XCTestCase {
    /// As torchvision's densenet121 has them.
    func testNamesAreTorchvisions() throws {
        let plan = try Catalogue.architecture(named: "densenet121").plan()
        let layers = plan.layers.filter { !$0.tensors.isEmpty }.map(\.name)
        XCTAssertEqual(
            Array(layers.prefix(7)),
            [
                "features.conv0", "features.norm0", "features.denseblock1.denselayer1.norm1",
                "features.denseblock1.denselayer1.conv1", "features.denseblock1.denselayer1.norm2",
                "features.denseblock1.denselayer1.conv2", "features.denseblock1.denselayer2.norm1",
            ])
        XCTAssertEqual(
            layers.filter { $0.contains("transition1") }, ["features.transition1.norm", "features.transition1.conv"])
        XCTAssertEqual(Array(layers.suffix(2)), ["features.norm5", "classifier"])
        let tensors = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.name, $0.shape) })
        XCTAssertEqual(tensors["features.denseblock2.denselayer1.conv1.weight"], [128, 128, 1, 1])
        XCTAssertEqual(tensors["features.denseblock2.denselayer12.conv1.weight"], [128, 128 + 11 * 32, 1, 1])
        XCTAssertEqual(tensors["features.denseblock2.denselayer12.conv2.weight"], [32, 128, 3, 3])
        XCTAssertEqual(tensors["features.transition2.conv.weight"], [256, 512, 1, 1])
    }

    /// torchvision's, for those that it has; millions with the paper's and its code's digits for the others.
    func testPublishedParameterCounts() throws {
        for (name, count) in [
            ("densenet121", 7_978_856), ("densenet161", 28_681_000), ("densenet169", 14_149_480),
            ("densenet201", 20_013_928),
        ] {
            XCTAssertEqual(try Catalogue.architecture(named: name).plan().parameterCount, count, name)
        }
        for (name, millions, digit) in [
            ("densenet264", 33.34, 0.01), ("cifar_densenet40_12", 1.0, 0.1), ("cifar_densenet100_12", 7.0, 0.1),
            ("cifar_densenet100_24", 27.2, 0.1), ("cifar_densenet_bc100_12", 0.77, 0.01),
            ("cifar_densenet_bc250_24", 15.3, 0.1), ("cifar_densenet_bc190_40", 25.6, 0.1),
        ] {
            let count = Double(try Catalogue.architecture(named: name).plan().parameterCount) / 1e6
            XCTAssertEqual(count, millions, accuracy: digit / 2, name)
        }
    }

    func testStagesSayWhatADetectorNeeds() throws {
        let stages = try Catalogue.architecture(named: "densenet201").plan().stages
        XCTAssertEqual(stages.map(\.name), ["denseblock1", "denseblock2", "denseblock3", "denseblock4"])
        XCTAssertEqual(stages.map(\.channels), [256, 512, 1792, 1920])
        XCTAssertEqual(stages.map(\.stride), [4, 8, 16, 32])
        XCTAssertEqual(stages.map(\.blocks.count), [6, 12, 48, 32])
    }

    /// No window of a transition sticks out: 9 rows become 4.
    func testTransitionsLeaveAnOddRowOut() throws {
        let layers = try Catalogue.architecture(named: "densenet121").plan().layers(input: [3, 72, 72])
        let pools = layers.filter { $0.layer.name.hasSuffix(".pool") }.map(\.outputSize)
        XCTAssertEqual(pools, [[9, 9], [4, 4], [2, 2]])
    }

    func testOnCIFARTheFirstLayersNormFollowsTheStem() throws {
        let plan = try Catalogue.architecture(named: "cifar_densenet_bc100_12").plan()
        XCTAssertEqual(plan.stem.map(\.name), ["features.conv0"])
        XCTAssertEqual(plan.stages.map(\.channels), [24 + 192, 108 + 192, 150 + 192])
        XCTAssertEqual(plan.stages.map(\.stride), [1, 2, 4])
    }

    func testWithoutBottleneckALayerIsOneConvolution() throws {
        let plan = try Catalogue.architecture(named: "cifar_densenet40_12").plan()
        XCTAssertEqual(plan.stages[1].blocks[0].layers.map(\.name), ["norm1", "conv1"])
        // Nothing is compressed.
        XCTAssertEqual(plan.stages.map(\.channels), [160, 304, 448])
    }

    func testWidthScalesTheGrowth() {
        let half = BackboneArchitecture.denseNet([2, 2]).scaled(0.5)
        XCTAssertEqual(half.shortcut, .concatenation(growth: 16))
        XCTAssertEqual(half.planes, [64, 64])
        XCTAssertEqual(half.stemWidth, 32)
    }

    func testOnClipsTransitionsStrideInTime() throws {
        let plan = try Catalogue.architecture(named: "densenet3d121").plan()
        XCTAssertEqual(plan.stages.map(\.temporalStride), [1, 1, 2, 4])
        XCTAssertEqual(plan.stages[2].transition.last?.kind, .averagePool(size: [2, 2, 2], keepsEdges: false))
        XCTAssertEqual(plan.stages[1].transition.last?.kind, .averagePool(size: [1, 2, 2], keepsEdges: false))
    }
}
