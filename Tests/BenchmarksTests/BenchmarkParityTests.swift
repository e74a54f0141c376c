import Architectures
import Benchmarks
import XCTest

final class BenchmarkParityTests: XCTestCase {
    /// The comparison as a whole runs only where there is a GPU, so nobody else would see a name that is gone.
    func testComparedNetworksExist() throws {
        XCTAssertGreaterThan(Benchmark.comparedModels.count, 15)
        for name in Benchmark.comparedModels { XCTAssertNoThrow(try BackboneArchitecture(text: name), name) }
    }
}
