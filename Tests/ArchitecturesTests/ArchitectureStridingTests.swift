import Architectures
import XCTest

final class ArchitectureStridingTests: XCTestCase {
    private func dense(_ name: String) throws -> (strides: [Int], stageCount: Int) {
        let (architecture, stageCount) = try Catalogue.architecture(named: name).densified(stride: 8)
        let own = architecture.depths.indices.map { architecture.stride(ofStage: $0) }
        return (own, stageCount)
    }

    /// The third stage's stride becomes 1; behind a stem without pooling the first stage keeps its 2.
    func testTheThirdStageOfTheImageNetNetworks() throws {
        for (name, strides) in [
            ("resnet50", [1, 2, 1, 2]), ("resnet18", [1, 2, 1, 2]), ("iresnet50", [2, 2, 1, 2]),
            ("iresgroupfix101", [2, 2, 1, 2]), ("ds2net50", [1, 2, 1, 2]), ("densenet121", [1, 2, 1, 2]),
        ] {
            let found = try dense(name)
            XCTAssertEqual(found.strides, strides, name)
            XCTAssertEqual(found.stageCount, 3, name)
        }
    }

    /// A network of another build comes to the same stride by its last stage, or by its first.
    func testOtherNetworks() throws {
        XCTAssertEqual(try dense("plain_vgg19").strides, [1, 2, 2, 2, 1])
        XCTAssertEqual(try dense("cifar_resnet50").strides, [1, 2, 2, 2])
        XCTAssertEqual(try dense("cifar_resnet50").stageCount, 4)
        XCTAssertEqual(try dense("cifar_iresnet164").strides, [2, 2, 2])
    }

    func testTheInnerShortcutStandsWhereTheStrideIsNowOne() throws {
        let (architecture, stageCount) = try Catalogue.architecture(named: "d_rgsnet50").densified(stride: 8)
        let names = try architecture.plan(stageCount: stageCount).tensors.map(\.name)
        XCTAssertTrue(names.contains("layer3.0.rg_inner.weight"))
        XCTAssertFalse(names.contains("layer2.0.rg_inner.weight"))
    }

    /// Every 2D network of the catalogue has such a map.
    func testTheWholeCatalogue() throws {
        var count = 0
        for model in Catalogue.models where model.architecture.rank == .image {
            let (architecture, stageCount) = try model.architecture.densified(stride: 8)
            XCTAssertEqual(try architecture.plan(stageCount: stageCount).stages.last?.stride, 8, model.name)
            count += 1
        }
        XCTAssertGreaterThan(count, 200)
    }

    func testStridesThatLeadNowhere() throws {
        let coarse = try Catalogue.architecture(named: "resnet18").with { $0.stageStrides = [4, 1, 1, 1] }
        XCTAssertThrowsError(try coarse.densified(stride: 8)) {
            XCTAssertEqual(($0 as? ArchitectureError)?.axis, .stageStrides)
            XCTAssertTrue("\($0)".contains("give no map at stride 8"), "\($0)")
        }
    }
}
