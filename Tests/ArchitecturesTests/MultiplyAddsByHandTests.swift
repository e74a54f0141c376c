import Architectures
import XCTest

/// Multiply-adds of the families of which no published figure was at hand, beside sums that are written out here: of ResGroup,
/// of RGSNet's table 8 and of DSNet. Norms, weights of terms and additions count nothing, so that b-, d- and Res-RGSNets,
/// DSNets and DS2Nets have exactly their ResNet's, and where that is published, it is held to it too.
final class MultiplyAddsByHandTests: XCTestCase {
    private func planned(_ name: String, at side: Int) throws -> Int {
        try Catalogue.architecture(named: name).plan().multiplyAdds(input: [3, side, side])
    }

    /// A convolution that leaves a map of side × side.
    private func convolution(_ side: Int, _ inputs: Int, _ outputs: Int, kernel: Int = 1, groups: Int = 1) -> Int {
        side * side * outputs * (inputs / groups) * kernel * kernel
    }

    /// Stages of 1×1, 3×3 and 1×1, where the first block of each has a projection and, but for stage 1, strides on its 3×3.
    private func bottlenecks(
        from inputs: Int, at side: Int, blocks: [Int], middle: [Int], outputs: [Int], groups: [Int]
    ) -> Int {
        var (inputs, side, sum) = (inputs, side, 0)
        for stage in blocks.indices {
            let before = stage == 0 ? side : 2 * side
            sum += convolution(before, inputs, middle[stage])
            sum += convolution(side, middle[stage], middle[stage], kernel: 3, groups: groups[stage])
            sum += convolution(side, middle[stage], outputs[stage])
            sum += convolution(side, inputs, outputs[stage])
            sum +=
                (blocks[stage] - 1)
                * (convolution(side, outputs[stage], middle[stage])
                    + convolution(side, middle[stage], middle[stage], kernel: 3, groups: groups[stage])
                    + convolution(side, middle[stage], outputs[stage]))
            inputs = outputs[stage]
            side /= 2
        }
        return sum
    }

    /// ResGroup-50 at 224×224, layer by layer: 4·planes in the middle, 2·planes out, and 8, 16, 32 and 64 groups.
    func testResGroup50LayerByLayer() throws {
        let stem = 112 * 112 * 64 * (3 * 7 * 7)
        // At 56×56 from 64 channels.
        let stage1 =
            56 * 56 * (256 * 64 + 256 * 32 * 9 + 128 * 256 + 128 * 64)
            + 2 * 56 * 56 * (256 * 128 + 256 * 32 * 9 + 128 * 256)
        // The first 1×1 is in front of the stride.
        let stage2 =
            56 * 56 * 512 * 128 + 28 * 28 * (512 * 32 * 9 + 256 * 512 + 256 * 128)
            + 3 * 28 * 28 * (512 * 256 + 512 * 32 * 9 + 256 * 512)
        let stage3 =
            28 * 28 * 1024 * 256 + 14 * 14 * (1024 * 32 * 9 + 512 * 1024 + 512 * 256)
            + 5 * 14 * 14 * (1024 * 512 + 1024 * 32 * 9 + 512 * 1024)
        let stage4 =
            14 * 14 * 2048 * 512 + 7 * 7 * (2048 * 32 * 9 + 1024 * 2048 + 1024 * 512)
            + 2 * 7 * 7 * (2048 * 1024 + 2048 * 32 * 9 + 1024 * 2048)
        let all = stem + stage1 + stage2 + stage3 + stage4 + 1024 * 1000
        XCTAssertEqual(all, 5_356_609_536)
        XCTAssertEqual(try planned("resgroup50", at: 224), all)
        // iResGroup-50 has no pooling in its stem, so the very first 1×1 sees four times as many pixels.
        XCTAssertEqual(try planned("iresgroup50", at: 224), all + 3 * 56 * 56 * 256 * 64)
    }

    func testResGroups() throws {
        for (depth, blocks) in [(50, [3, 4, 6, 3]), (101, [3, 4, 23, 3]), (152, [3, 8, 36, 3])] {
            for (family, groups) in [("resgroup", [8, 16, 32, 64]), ("resgroupfix", [64, 64, 64, 64])] {
                let byHand =
                    convolution(112, 3, 64, kernel: 7)
                    + bottlenecks(
                        from: 64, at: 56, blocks: blocks, middle: [256, 512, 1024, 2048],
                        outputs: [128, 256, 512, 1024], groups: groups) + 1024 * 1000
                XCTAssertEqual(try planned("\(family)\(depth)", at: 224), byHand, "\(family)\(depth)")
            }
        }
    }

    /// Eight depths, four widths, on ImageNet and on CIFAR.
    func testRGSNetsOfTable8AndDSNets() throws {
        let depths = [
            26: [2, 2, 2, 2], 32: [2, 3, 3, 2], 38: [3, 3, 3, 3], 50: [3, 4, 6, 3], 62: [3, 4, 10, 3],
            77: [3, 4, 15, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3],
        ]
        for (depth, blocks) in depths {
            for (width, suffix) in [(64, ""), (16, "_0.25"), (32, "_0.5"), (128, "_2")] {
                let planes = [width, 2 * width, 4 * width, 8 * width]
                func stages(at side: Int) -> Int {
                    bottlenecks(
                        from: width, at: side, blocks: blocks, middle: planes, outputs: planes.map { 4 * $0 },
                        groups: [1, 1, 1, 1])
                }
                let imageNet = convolution(112, 3, width, kernel: 7) + stages(at: 56) + 32 * width * 1000
                for family in ["b_rgsnet", "d_rgsnet", "res_rgsnet"] {
                    XCTAssertEqual(try planned("\(family)\(depth)\(suffix)", at: 224), imageNet)
                }
                let cifar = convolution(32, 3, width, kernel: 3) + stages(at: 32) + 32 * width * 10
                for family in ["b_rgsnet", "d_rgsnet", "res_rgsnet", "dsnet", "ds2net"] {
                    XCTAssertEqual(try planned("cifar_\(family)\(depth)\(suffix)", at: 32), cifar)
                }
                guard width == 64, [26, 50, 101, 152].contains(depth) else { continue }
                for family in ["dsnet", "ds2net"] {
                    XCTAssertEqual(try planned("\(family)\(depth)", at: 224), imageNet)
                }
            }
        }
    }

    /// Torchvision's figures of the networks that they are made from; Res2Net's own of the last (Gao et al., 2019, table 1).
    func testWhatNewShortcutsOnPublishedNetworksCost() throws {
        for (names, published) in [
            (["b_rgsnet50", "d_rgsnet50", "res_rgsnet50", "dsnet50", "ds2net50", "dsnet50_a"], 4.089),
            (["b_rgsnet101", "d_rgsnet101", "res_rgsnet101", "dsnet101", "ds2net101"], 7.801),
            (["b_rgsnet152", "d_rgsnet152", "res_rgsnet152", "dsnet152", "ds2net152"], 11.514),
            (["dsnext50", "ds2next50"], 4.23), (["dswrn50_2"], 11.398), (["ds2res2net50"], 4.2),
        ] {
            for name in names {
                XCTAssertEqual(Double(try planned(name, at: 224)) / 1e9, published, accuracy: 0.02 * published, name)
            }
        }
    }
}
