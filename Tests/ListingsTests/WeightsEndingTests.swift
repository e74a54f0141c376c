import Listings
import XCTest

final class WeightsEndingTests: XCTestCase {
    func testEndings() {
        let known: [(String, WeightsForm?)] = [
            ("a.safetensors", .safetensors), ("a.pth", .pth), ("a.PT", .pth), ("a.pth.tar", .pth), ("a.bin", .pth),
            ("a.safetensors.tar", nil), ("a.bin.tar", nil), ("a.txt", nil), ("a", nil),
        ]
        for (name, form) in known { XCTAssertEqual(WeightsForm(ofName: name), form, name) }
    }
}
