import Architectures
import XCTest

final class CatalogueSearchTests: XCTestCase {
    private func state(_ name: String) throws -> [(name: String, shape: [Int])] {
        try Catalogue.architecture(named: name).plan().tensors.map { ($0.name, $0.shape) }
    }

    /// In a stage of two blocks, staged blocks have the norms of original ones.
    private let twins = ["resnet18", "resstage18"]

    func testAModelIsFoundByItsTensors() throws {
        for name in ["resnet50", "resnet3d50", "densenet121", "cifar_res_rgsnet26_0.25"] {
            XCTAssertTrue(try Catalogue.names(ofState: state(name)).contains(name), name)
        }
        XCTAssertEqual(try Catalogue.names(ofState: state("resnet18")), twins)
    }

    func testClassesAndCountsDontMatter() throws {
        var state = try state("resnet18")
        state.removeAll { $0.name.hasSuffix("num_batches_tracked") }
        XCTAssertEqual(Catalogue.names(ofState: state), twins)
        let fiveClasses = state.map { ($0.name, $0.name.hasPrefix("fc") ? [5] + $0.shape.dropFirst() : $0.shape) }
        XCTAssertEqual(Catalogue.names(ofState: fiveClasses), twins)
        XCTAssertEqual(Catalogue.names(ofState: state.filter { !$0.name.hasPrefix("fc") }), twins)
    }

    func testOneTensorMoreLessOrDifferentIsNoModel() throws {
        let state = try state("resnet18")
        XCTAssertEqual(Catalogue.names(ofState: state + [("layer5.0.conv1.weight", [1])]), [])
        XCTAssertEqual(Catalogue.names(ofState: state.filter { $0.name != "bn1.weight" }), [])
        XCTAssertEqual(
            Catalogue.names(ofState: state.map { ($0.name, $0.name == "bn1.weight" ? [65] : $0.shape) }), [])
        XCTAssertEqual(Catalogue.names(ofState: []), [])
    }
}
