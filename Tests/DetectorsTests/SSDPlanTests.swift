import Architectures
import Detectors
import XCTest

final class SSDPlanTests: XCTestCase {
    private func plan(_ name: String, _ configuration: SSDConfiguration = .ssd300) throws -> SSDPlan {
        try SSDPlan(configuration, backbone: Catalogue.architecture(named: name))
    }

    /// Million parameters as published for COCO's 80 classes (Duta et al., 2020).
    func testThePublishedParameters() throws {
        for (name, millions) in [
            ("resnet50", 22.895), ("resnet101", 41.887), ("iresnet50", 22.895), ("iresnet101", 41.887),
            ("iresgroup50", 22.655), ("iresgroup101", 45.581), ("iresgroupfix50", 21.134),
        ] {
            let count = try plan(name).parameterCount(classCount: 80)
            XCTAssertEqual((Double(count) / 1e3).rounded() / 1e3, millions, name)
        }
        XCTAssertEqual(try plan("resnet50").parameterCount(classCount: 80), 22_894_902)
        XCTAssertEqual(
            try plan("iresnet50").parameterCount(classCount: 80), try plan("resnet50").parameterCount(classCount: 80))
    }

    func testTheMapsOfSSD300() throws {
        let plan = try plan("resnet50")
        XCTAssertEqual(plan.maps.map(\.size), [38, 19, 10, 5, 3, 1])
        XCTAssertEqual(plan.maps.map(\.channels), [1024, 512, 512, 256, 256, 256])
        XCTAssertEqual(plan.maps.map(\.boxesPerCell), [4, 6, 6, 6, 4, 4])
        XCTAssertEqual(plan.extraMaps.map(\.middle), [256, 256, 128, 128, 128])
        XCTAssertEqual(plan.boxCount, 8732)
        XCTAssertEqual(plan.backbone.stages.map(\.name), ["layer1", "layer2", "layer3"])
    }

    func testTheMapsOfSSD512() throws {
        let plan = try plan("resnet50", .ssd512)
        XCTAssertEqual(plan.maps.map(\.size), [64, 32, 16, 8, 4, 2, 1])
        XCTAssertEqual(plan.maps.map(\.boxesPerCell), [4, 6, 6, 6, 6, 4, 4])
        XCTAssertEqual(plan.boxCount, 24564)
    }

    /// Every 2D network of the catalogue carries both; a DenseNet's transitions pool whole windows only, so its first map
    /// is one cell smaller at 300 pixels.
    func testTheWholeCatalogue() throws {
        for model in Catalogue.models where model.architecture.rank == .image {
            let isDense = if case .concatenation = model.architecture.shortcut { true } else { false }
            let small = try SSDPlan(.ssd300, backbone: model.architecture)
            XCTAssertEqual(small.maps.map(\.size), [isDense ? 37 : 38, 19, 10, 5, 3, 1], model.name)
            XCTAssertEqual(small.boxCount, isDense ? 8432 : 8732, model.name)
            XCTAssertEqual(try SSDPlan(.ssd512, backbone: model.architecture).boxCount, 24564, model.name)
        }
    }

    func testAVideoNetworkIsRefused() throws {
        XCTAssertThrowsError(try plan("resnet3d50")) {
            XCTAssertEqual(($0 as? ArchitectureError)?.axis, .rank, "\($0)")
        }
    }
}
