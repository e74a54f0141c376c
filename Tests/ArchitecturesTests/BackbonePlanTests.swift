import Architectures
import TestSupport
import XCTest

final class BackbonePlanTests: XCTestCase {
    func testStagesSayWhatADetectorNeeds() throws {
        for name in ["resnet50", "iresnet50"] {
            let stages = try Catalogue.architecture(named: name).plan().stages
            XCTAssertEqual(stages.map(\.name), ["layer1", "layer2", "layer3", "layer4"])
            XCTAssertEqual(stages.map(\.channels), [256, 512, 1024, 2048])
            XCTAssertEqual(stages.map(\.stride), [4, 8, 16, 32])
        }
        let cifar = try Catalogue.architecture(named: "cifar_iresnet164").plan().stages
        XCTAssertEqual(cifar.map(\.stride), [1, 2, 4])
    }

    /// SSD takes the backbone up to stage 3, with stage 3's stride set to 1: 38 × 38 cells of 300 × 300 pixels.
    func testSSDsBodyEndsIn38Cells() throws {
        let architecture = BackboneArchitecture.resNet(50).with { $0.stageStrides = [1, 2, 1, 2] }
        let plan = try architecture.plan(stageCount: 3)
        XCTAssertEqual(
            plan.layers(input: [3, 300, 300]).last { $0.layer.name == "layer3.5.bn3" }?.outputSize, [38, 38])
        XCTAssertEqual(plan.stages[2].stride, 8)
    }

    func testSizesOfOddInputs() throws {
        let layers = try BackboneArchitecture.resNet(50).plan().layers(input: [3, 225, 201])
        func size(_ name: String) -> [Int]? { layers.first { $0.layer.name == name }?.outputSize }
        XCTAssertEqual(size("conv1"), [113, 101])
        XCTAssertEqual(size("maxpool"), [57, 51])
        XCTAssertEqual(size("layer2.0.conv2"), [29, 26])
        XCTAssertEqual(size("layer2.0.downsample.0"), [29, 26])
        XCTAssertEqual(size("fc"), [])
    }

    func testMultiplyAddsOfOneConvolutionByHand() throws {
        let layer = try XCTUnwrap(
            BackboneArchitecture.resNet(50).plan().layers(input: [3, 224, 224]).first { $0.layer.name == "conv1" })
        XCTAssertEqual(layer.multiplyAdds, 112 * 112 * 64 * 3 * 49)
    }

    /// Parameters and multiply-adds at 224 × 224 as torchvision's documentation gives them.
    func testTorchvisionsFigures() throws {
        let published: [(String, Int, Double)] = [
            ("resnet18", 11_689_512, 1.814), ("resnet34", 21_797_672, 3.664), ("resnet50", 25_557_032, 4.089),
            ("resnet101", 44_549_160, 7.801), ("resnet152", 60_192_808, 11.514),
            ("resnext50_32x4d", 25_028_904, 4.23), ("wideresnet50_2", 68_883_240, 11.398),
        ]
        for (name, parameters, multiplyAdds) in published {
            let plan = try Catalogue.architecture(named: name).plan()
            XCTAssertEqual(plan.parameterCount, parameters, name)
            XCTAssertEqual(Double(plan.multiplyAdds(input: [3, 224, 224])) / 1e9, multiplyAdds, accuracy: 1e-3, name)
        }
    }

    /// Millions of parameters that the papers give.
    func testPublishedParameterCounts() throws {
        let published: [(String, Double)] = [
            ("resnet50", 25.557), ("iresnet50", 25.557), ("iresnet101", 44.549), ("iresnet152", 60.193),
            ("iresnet200", 64.674), ("iresnet302", 96.586), ("iresnet404", 124.524), ("resgroup50", 24.887),
            ("resgroup101", 47.813), ("resgroup152", 66.994), ("resgroupfix50", 23.366), ("resgroupfix101", 43.786),
            ("resgroupfix152", 60.607), ("resnet3d50", 47.000), ("iresnet3d50", 47.000), ("cifar_resnet164", 1.704),
            ("cifar_resnet1001", 10.329), ("cifar_resnet2000", 20.622), ("cifar_resnet3002", 30.934),
            ("cifar_iresnet164", 1.704), ("cifar_iresnet3002", 30.934),
        ]
        for (name, millions) in published {
            let count = try Catalogue.architecture(named: name).plan().parameterCount
            XCTAssertEqual(Double(count) / 1e6, millions, accuracy: 5.1e-4, name)
        }
        let something = try Catalogue.architecture(named: "iresnet3d50").with { $0.classes = 174 }
        XCTAssertEqual(Double(try something.plan().parameterCount) / 1e6, 46.537, accuracy: 5.1e-4)
    }

    func testGoldenNamesCountsAndMultiplyAdds() throws {
        for golden in try GoldenBackbone.all() {
            let plan = try golden.architecture.architecture().plan()
            XCTAssertEqual(plan.parameterCount, golden.parameters, golden.model)
            XCTAssertEqual(
                plan.multiplyAdds(input: Array(golden.macs.input.dropFirst())), golden.macs.value, golden.model)
            let names = plan.tensors.map(\.name).sorted()
            switch golden.names {
            case .list(let expected): XCTAssertEqual(names, expected.sorted(), golden.model)
            case .count(let expected): XCTAssertEqual(names.count, expected, golden.model)
            }
        }
    }

    /// `parameterCount` and `multiplyAdds` go around the names that the lists have.
    func testCountsAreThoseOfTheLists() throws {
        for model in Catalogue.models {
            let plan = try model.architecture.plan(),
                input = model.architecture.rank == .video ? [3, 16, 64, 64] : [3, 64, 64]
            XCTAssertEqual(
                plan.parameterCount, plan.tensors.reduce(0) { $0 + ($1.isParameter ? $1.count : 0) }, model.name)
            XCTAssertEqual(
                plan.multiplyAdds(input: input), plan.layers(input: input).reduce(0) { $0 + $1.multiplyAdds },
                model.name)
        }
        for normalization in [Normalization.frozenBatch, .group(groups: 8)] {
            let plan = try BackboneArchitecture.resNet(50).with { $0.normalization = normalization }.plan()
            XCTAssertEqual(plan.parameterCount, plan.tensors.reduce(0) { $0 + ($1.isParameter ? $1.count : 0) })
        }
    }
}
