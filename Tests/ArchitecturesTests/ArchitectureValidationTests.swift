import Architectures
import XCTest

final class ArchitectureValidationTests: XCTestCase {
    /// Every refusal: what is changed in ResNet-50, the axis that is named, and a word of the reason.
    private let refusals: [(ArchitectureAxis, String, (inout BackboneArchitecture) -> Void)] = [
        (.depths, "needs a block", { $0.depths = [3, 0, 6, 3] }),
        (.depths, "needs a block", { $0.depths = [] }),
        (.planes, "one for each stage", { $0.planes = [64, 128] }),
        (.groups, "one for each stage", { $0.groups = [1, 1, 1, -1] }),
        (.stageStrides, "one for each stage", { $0.stageStrides = [1] }),
        (
            .temporalStrides, "one for each stage",
            {
                $0 = $0.onVideo()
                $0.temporalStrides = [1]
            }
        ),
        (.stemWidth, "1 to 65536 channels", { $0.stemWidth = 0 }),
        (.dropout, "probability", { $0.dropout = 1 }),
        (.classes, "1 to 10000000 classes", { $0.classes = 0 }),
        (.stem, "for videos", { $0.stem = .video }),
        (.stem, "for images", { $0.rank = .video }),
        (
            .order, "a Start and an End",
            {
                $0.order = .staged()
                $0.depths = [3, 1, 6, 3]
            }
        ),
        (
            .groups, "basic branch",
            {
                $0.branch = .basic()
                $0.groups = [2, 2, 2, 2]
            }
        ),
        (.branch, "splits by 2", { $0.branch = .res2Net(scale: 1, baseWidth: 26) }),
        (
            .order, "splits",
            {
                $0.branch = .res2Net(scale: 4, baseWidth: 26)
                $0.order = .preActivation
            }
        ),
        (
            .projection, "for images",
            {
                $0 = $0.onVideo()
                $0.projection = .averagePool
            }
        ),
        (
            .projection, "strides by 2",
            {
                $0.stageStrides = [1, 2, 4, 2]
                $0.projection = .averagePool
            }
        ),
        (
            .attention, "CBAM",
            {
                $0 = $0.onVideo()
                $0.attention = .cbam()
            }
        ),
        (.attention, "reduced by 1000", { $0.attention = .squeezeExcitation(reduction: 1000) }),
        (.normalization, "48 groups", { $0.normalization = .group(groups: 48) }),
        (.order, "preActivation", { $0.shortcut = .concatenation(growth: 32) }),
        (.shortcut, "appends nothing", { $0 = .dense { $0.shortcut = .concatenation(growth: 0) } }),
        (.shortcut, "is not a share", { $0 = .dense { $0.shortcut = .concatenation(growth: 8, compression: 1.5) } }),
        (.shortcut, "leaves nothing", { $0 = .dense { $0.shortcut = .concatenation(growth: 8, compression: 0.001) } }),
        (.order, "norm and a ReLU", { $0 = .dense { $0.order = .staged() } }),
        (.branch, "a layer is", { $0 = .dense { $0.branch = .wideGroup } }),
        (.branch, "0 channels", { $0 = .dense { $0.branch = .bottleneck(middle: 0.001) } }),
        (.groups, "sees all channels", { $0 = .dense { $0.groups = [1, 2, 1, 1] } }),
        (.innerShortcut, "another width", { $0 = .dense { $0.innerShortcut = .rg } }),
        (.innerGroupNorm, "no place", { $0 = .dense { $0.innerGroupNorm = true } }),
        (.attention, "before an addition", { $0 = .dense { $0.attention = .squeezeExcitation() } }),
        (.projection, "nothing is projected", { $0 = .dense { $0.projection = .maxPool } }),
        (.stem, "can't stride by [2, 2]", { $0 = .dense { $0.stem = .imagenetWithoutPool } }),
        (.stageStrides, "can't stride by [2, 2]", { $0 = .dense { $0.stageStrides = [2, 2, 2, 2] } }),
        (
            .temporalStrides, "can't stride by [2, 1, 1]",
            {
                $0 = BackboneArchitecture.dense { $0.temporalStrides = [2, 1, 1, 1] }.onVideo()
            }
        ),
        (.normalization, "96 channels that concatenation", { $0 = .dense { $0.normalization = .group(groups: 64) } }),
        (
            .shortcut, "original order",
            {
                $0.shortcut = .gs
                $0.order = .staged()
            }
        ),
        (
            .shortcut, "original order",
            {
                $0.shortcut = .rgb
                $0.order = .preActivation
            }
        ),
        (
            .innerShortcut, "basic branch",
            {
                $0.branch = .basic()
                $0.innerShortcut = .rg
            }
        ),
        (
            .innerShortcut, "pre-activation",
            {
                $0.order = .preActivation
                $0.innerShortcut = .weighted()
            }
        ),
        (
            .innerGroupNorm, "bottleneck",
            {
                $0.branch = .basic()
                $0.innerGroupNorm = true
            }
        ),
        (
            .projection, "plain network",
            {
                $0.shortcut = .none
                $0.projection = .maxPool
            }
        ),
        (.branch, "0 and 0 channels", { $0.branch = .bottleneck(expansion: 0.001, middle: 0.001) }),
        (.groups, "don't divide", { $0.groups = [3, 3, 3, 3] }),
        (
            .shortcutGroups, "don't divide",
            {
                $0.shortcut = .rg
                $0.shortcutGroups = 48
            }
        ),
        (
            .shortcutGroups, "don't divide",
            {
                $0.innerShortcut = .rg
                $0.shortcutGroups = 128
            }
        ),
    ]

    func testIllegalCombinationsNameAxisAndReason() {
        for (axis, reason, change) in refusals {
            let architecture = BackboneArchitecture().with(change)
            XCTAssertThrowsError(try architecture.plan(), reason) { error in
                guard let error = error as? ArchitectureError else { return XCTFail("\(error)") }
                XCTAssertEqual(error.axis, axis, error.description)
                XCTAssertTrue(error.reason.contains(reason), error.description)
                XCTAssertTrue(error.description.contains(axis.name), error.description)
            }
        }
    }

    func testConcatenationTakesTheAxesThatHaveAMeaning() throws {
        let changes: [(inout BackboneArchitecture) -> Void] = [
            { $0.branch = .basic() }, { $0.normalization = .group(groups: 8) }, { $0.normalization = .frozenBatch },
            { $0.stem = .cifar }, { $0 = $0.onVideo() }, { $0.stageStrides = [1, 2, 1, 2] }, { $0.dropout = 0.2 },
            { $0.shortcut = .concatenation(growth: 32, compression: 1) },
        ]
        for change in changes { XCTAssertNoThrow(try BackboneArchitecture.dense(change).plan()) }
    }

    func testShortcutGroupsMatterOnlyWhereSomethingIsNormalised() throws {
        for shortcut in [Shortcut.identity, .rbs, .dense(normalization: .layer), .denseIdentity] {
            XCTAssertNoThrow(
                try BackboneArchitecture().with {
                    $0.shortcut = shortcut
                    $0.shortcutGroups = 48
                }.plan())
        }
    }

    func testUnpublishedCombinationsComeForFree() throws {
        let architecture = BackboneArchitecture.resGroup(50).onVideo().with {
            $0.order = .staged()
            $0.projection = .maxPool
            $0.stem = .videoWithoutPool
            $0.shortcut = .identityAndRG
            $0.innerShortcut = .rg
        }
        let names = try architecture.plan().tensors.map(\.name)
        XCTAssertTrue(names.contains("layer3.5.rg.weight"))
        XCTAssertTrue(names.contains("layer3.5.rg_inner.weight"))
    }

    func testOnlySomeStagesAreCounted() {
        XCTAssertThrowsError(try BackboneArchitecture().plan(stageCount: 5))
        XCTAssertThrowsError(try BackboneArchitecture().plan(stageCount: 0))
    }
}

extension BackboneArchitecture {
    /// A small DenseNet with something changed.
    fileprivate static func dense(_ change: (inout BackboneArchitecture) -> Void) -> BackboneArchitecture {
        denseNet([2, 2, 2, 2]).with(change)
    }
}
