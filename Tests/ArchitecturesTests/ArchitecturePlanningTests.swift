import Architectures
import XCTest

final class ArchitecturePlanningTests: XCTestCase {
    private func layers(of block: String, in architecture: BackboneArchitecture) throws -> [String] {
        try architecture.plan().stages.flatMap(\.blocks).filter { $0.name == block }.flatMap(\.layers).map(\.name)
    }

    func testNamesOfTheOriginalOrderAreTorchvisions() throws {
        let names = try BackboneArchitecture.resNet(18).plan().tensors.map(\.name)
        XCTAssertEqual(
            Array(names.prefix(18)),
            [
                "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var",
                "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.0.bn1.bias",
                "layer1.0.bn1.running_mean", "layer1.0.bn1.running_var", "layer1.0.bn1.num_batches_tracked",
                "layer1.0.conv2.weight", "layer1.0.bn2.weight", "layer1.0.bn2.bias", "layer1.0.bn2.running_mean",
                "layer1.0.bn2.running_var", "layer1.0.bn2.num_batches_tracked",
            ])
        XCTAssertEqual(Array(names.suffix(2)), ["fc.weight", "fc.bias"])
        XCTAssertEqual(
            try layers(of: "layer2.0", in: .resNet(18)),
            ["conv1", "bn1", "conv2", "bn2", "downsample.0", "downsample.1"])
    }

    func testStagedBlocksLackTheNormsThatTheirPlaceMakesUseless() throws {
        let architecture = BackboneArchitecture.iResNet(50)
        XCTAssertEqual(
            try layers(of: "layer2.0", in: architecture),
            ["conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "downsample.0", "downsample.1", "downsample.2"])
        XCTAssertEqual(try layers(of: "layer2.1", in: architecture), ["conv1", "bn1", "conv2", "bn2", "conv3"])
        XCTAssertEqual(try layers(of: "layer2.2", in: architecture), ["bn0", "conv1", "bn1", "conv2", "bn2", "conv3"])
        XCTAssertEqual(
            try layers(of: "layer2.3", in: architecture), ["bn0", "conv1", "bn1", "conv2", "bn2", "conv3", "bn3"])
    }

    func testAStagedStageOfTwoIsStartAndEnd() throws {
        XCTAssertEqual(
            try layers(of: "layer1.1", in: .iResNet(18)), ["conv1", "bn1", "conv2", "bn2"])
    }

    func testPreActivationProjectsByABareConvolutionAndEndsInANorm() throws {
        let architecture = BackboneArchitecture.resNet(50).with { $0.order = .preActivation }
        XCTAssertEqual(
            try layers(of: "layer1.0", in: architecture),
            ["bn1", "conv1", "bn2", "conv2", "bn3", "conv3", "downsample.0"])
        XCTAssertEqual(try architecture.plan().lastNorm?.name, "bn_last")
    }

    func testMaxPooledProjectionPoolsOnlyWhereItStrides() throws {
        let architecture = BackboneArchitecture.resNet(50).with { $0.projection = .maxPool }
        let blocks = try architecture.plan().stages.map { $0.blocks[0].projection }
        XCTAssertEqual(blocks[0].map(\.name), ["downsample.0", "downsample.1"])
        XCTAssertEqual(blocks[0][0].tensors.map(\.shape), [[256, 64, 1, 1]])
        XCTAssertEqual(blocks[1].map(\.kind)[0], .maxPool(kernelSize: [3, 3], stride: [2, 2], padding: [1, 1]))
        XCTAssertEqual(blocks[1][1].tensors.map(\.shape), [[512, 256, 1, 1]])
    }

    func testAProjectionOfSameWidthIsThePoolingAlone() throws {
        let blocks = try BackboneArchitecture.iResNet(18).plan().stages.map { $0.blocks[0].projection.count }
        XCTAssertEqual(blocks, [1, 3, 3, 3])
    }

    func testThreeDimensionsAreInTheMiddleOnly() throws {
        let plan = try BackboneArchitecture.iResNet(50).onVideo().plan()
        let block = plan.stages[2].blocks[0]
        XCTAssertEqual(
            block.branch.compactMap { if case .convolution(let size, _, _, _) = $0.kind { size } else { nil } },
            [[1, 1, 1], [3, 3, 3], [1, 1, 1]])
        XCTAssertEqual(block.stride, [2, 2, 2])
        XCTAssertEqual(
            block.projection[0].kind, .maxPool(kernelSize: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1]))
        XCTAssertEqual(plan.stages.map(\.stride), [4, 8, 16, 32])
        XCTAssertEqual(plan.stages.map(\.temporalStride), [1, 1, 2, 4])
    }

    func testShortcutsHoldWhatTheyNeedAndOnlyThere() throws {
        let rg = BackboneArchitecture.resNet(50).with {
            $0.shortcut = .identityAndRG
            $0.innerShortcut = .rg
        }
        XCTAssertEqual(try layers(of: "layer2.0", in: rg).filter { $0.contains("rg") }, [])
        XCTAssertEqual(try layers(of: "layer1.0", in: rg).filter { $0.contains("rg") }, ["rg_inner"])
        XCTAssertEqual(try layers(of: "layer2.1", in: rg).filter { $0.contains("rg") }, ["rg", "rg_inner"])
        let dense = try BackboneArchitecture.resNet(50).with {
            $0.shortcut = .dense()
            $0.innerShortcut = .weighted()
        }.plan()
        XCTAssertEqual(
            dense.tensors.filter { $0.name.contains("layer3") && $0.name.contains(".ds.") }.map(\.shape),
            (1...5).map { [$0, 1024] })
        XCTAssertEqual(
            dense.tensors.filter { $0.name == "layer3.1.ds_inner.weight" }.map(\.shape), [[1, 256]])
    }

    func testFrozenNormsHaveNoParametersAndGroupNormsNoStatistics() throws {
        let frozen = try BackboneArchitecture.resNet(50).with { $0.normalization = .frozenBatch }.plan()
        XCTAssertEqual(frozen.parameterCount, 25_557_032 - 53_120)
        XCTAssertFalse(frozen.tensors.contains { $0.name.hasSuffix("num_batches_tracked") })
        let group = try BackboneArchitecture.resNet(50).with { $0.normalization = .group() }.plan()
        XCTAssertEqual(group.parameterCount, 25_557_032)
        XCTAssertFalse(group.tensors.contains { !$0.isParameter })
    }

    /// There is but one process to take statistics of.
    func testSynchronisedBatchNormIsPlannedAsBatchNorm() throws {
        for name in ["resnet50", "iresgroup3d50", "rbs50", "densenet121"] {
            let architecture = try Catalogue.architecture(named: name)
            let synchronised = try architecture.with { $0.normalization = .synchronizedBatch }.plan()
            XCTAssertEqual(synchronised.layers, try architecture.plan().layers, name)
            XCTAssertTrue(synchronised.layers.contains { $0.kind == .batchNorm }, name)
        }
    }

    func testSomeStagesHaveNeitherClassifierNorLastNorm() throws {
        let plan = try BackboneArchitecture.resNet(50).with { $0.order = .preActivation }.plan(stageCount: 3)
        XCTAssertEqual(plan.stages.map(\.channels), [256, 512, 1024])
        XCTAssertNil(plan.classifier)
        XCTAssertNil(plan.lastNorm)
    }

    func testRes2NetSplits() throws {
        let architecture = try Catalogue.architecture(named: "res2net50")
        XCTAssertEqual(
            try layers(of: "layer1.1", in: architecture),
            [
                "conv1", "bn1", "convs.0", "bns.0", "convs.1", "bns.1", "convs.2", "bns.2", "conv3", "bn3",
            ])
        // Gao et al., 2019, table 1: 25.7 million parameters, 4.2 billion multiply-adds.
        XCTAssertEqual(Double(try architecture.plan().parameterCount) / 1e6, 25.70, accuracy: 0.01)
        XCTAssertEqual(Double(try architecture.plan().multiplyAdds(input: [3, 224, 224])) / 1e9, 4.2, accuracy: 0.084)
    }
}
