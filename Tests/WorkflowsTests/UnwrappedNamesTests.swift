import Foundation
import Tensors
import TestSupport
import Workflows
import XCTest

final class UnwrappedNamesTests: XCTestCase {
    private func names(_ names: [String]) throws -> (names: [String], notes: [String]) {
        let path = try temporaryDirectory() + "/weights.pth"
        try PTH.write(names.map { ($0, Tensor.zeros([1])) }, to: path)
        let file = try WeightsFile(path)
        return (file.state.map(\.name), file.notes)
    }

    func testPrefixesOfEveryName() throws {
        for prefix in [
            "module.", "_orig_mod.", "module._orig_mod.", "model.", "model.module.", "net.", "model_ema.module.",
        ] {
            let found = try names([prefix + "conv1.weight", prefix + "fc.bias"])
            XCTAssertEqual(found.names, ["conv1.weight", "fc.bias"], prefix)
            XCTAssertEqual(found.notes, ["'\(prefix)' removed from every name"])
        }
        let own = ["backbone.body.conv1.weight", "backbone.fpn.x"]
        XCTAssertEqual(try names(own).names, own)
    }

    func testAveragesOfWeights() throws {
        let found = try names(["n_averaged", "module.conv1.weight", "module.fc.bias"])
        XCTAssertEqual(found.names, ["conv1.weight", "fc.bias"])
        XCTAssertEqual(found.notes.first, "left out: 1 tensors of averaged weights")
        XCTAssertEqual(
            try names(["backbone.conv1.weight", "ema_backbone_conv1_weight"]).names, ["backbone.conv1.weight"])
    }

    /// Lightning's losses and metrics have tensors beside the network.
    func testANetworkAmongOthers() throws {
        let found = try names(["criterion.weight", "model.conv1.weight", "model.fc.bias", "accuracy.total"])
        XCTAssertEqual(found.names, ["conv1.weight", "fc.bias"])
        XCTAssertEqual(found.notes, ["'model.' removed; left out: criterion.weight, accuracy.total"])
    }
}
