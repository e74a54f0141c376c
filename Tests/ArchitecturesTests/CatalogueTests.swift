import Architectures
import Support
import TestSupport
import XCTest

final class CatalogueTests: XCTestCase {
    func testEveryModelHasAPlanAndANameOfItsOwn() throws {
        XCTAssertEqual(Set(Catalogue.models.map(\.name)).count, Catalogue.models.count)
        for model in Catalogue.models {
            do {
                let plan = try model.architecture.plan()
                XCTAssertEqual(Set(plan.tensors.map(\.name)).count, plan.tensors.count, model.name)
            } catch {
                XCTFail("\(model.name): \(error)")
            }
        }
    }

    /// What the catalogue is there for, name by name.
    func testNothingIsMissing() {
        func names(_ pattern: String, _ depths: [Int]) -> [String] {
            depths.map { pattern.replacing("#", with: String($0)) }
        }
        let groups = [50, 101, 152]
        let eight = [26, 32, 38, 50, 62, 77, 101, 152]
        let deep = [18, 34, 50, 101, 152, 200, 302, 404]
        var expected = names("plain#", [18, 34]) + ["plain_vgg19"]
        expected += names("resnet#", [18, 34, 26, 32, 38, 50, 62, 77, 101, 152, 200])
        expected += names("preact#", [18, 34, 50, 101, 152, 200])
        for family in ["resstage#", "resmax#", "iresnet#"] { expected += names(family, deep) }
        for family in ["resgroup#", "resgroupfix#", "iresgroup#", "iresgroupfix#"] { expected += names(family, groups) }
        expected += names("resnext#_32x4d", [50, 101]) + ["wideresnet50_2", "cifar_wrn28_10"]
        expected += ["8x64d", "16x64d", "64x8d"].map { "cifar_resnext29_" + $0 }
        expected +=
            names("seresnet#", [18, 34, 50, 101, 152]) + names("cbamresnet#", [18, 34, 50, 101]) + ["res2net50"]
        expected += names("densenet#", [121, 161, 169, 201, 264])
        expected += ["100_12", "250_24", "190_40"].map { "cifar_densenet_bc" + $0 }
        for width in ["", "_0.25", "_0.5", "_2"] {
            for family in ["b_rgsnet#", "d_rgsnet#", "res_rgsnet#"] {
                expected += names(family + width, eight) + names("cifar_" + family + width, eight)
            }
            for family in ["cifar_resnet#", "cifar_dsnet#", "cifar_ds2net#"] {
                expected += names(family + width, eight)
            }
        }
        expected +=
            names("res_rgsnet#_se", eight) + ["cifar_rgs_resnext29_8x64d", "rbs50", "gs50", "rgb50", "resnet50_2gn"]
        expected += names("dsnet#", [26, 50, 101, 152]) + names("ds2net#", [26, 50, 101, 152])
        expected += ["a", "ln", "in", "bn", "none", "noweight"].map { "dsnet50_" + $0 } + ["resnet50_dense"]
        expected += names("dsnext#", [50, 101]) + names("ds2next#", [50, 101])
        expected += ["dswrn50_2", "cifar_dswrn28_10", "cifar_dsnext29_6x64d", "cifar_ds2next29_6x64d", "ds2res2net50"]
        expected += names("cifar_resnet#", [164, 1001, 2000, 3002]) + names("cifar_iresnet#", [164, 1001, 2000, 3002])
        expected += names("resnet3d#", [50, 101, 152]) + names("iresnet3d#", [50, 101, 152])
        expected += [
            "iresgroup3d50", "resnext3d50_32x4d", "preact3d50", "dsnet3d50", "res_rgsnet3d50_se", "densenet3d121",
        ]
        XCTAssertEqual(Set(expected).subtracting(Catalogue.models.map(\.name)).sorted(), [])
    }

    /// The 3D forms have the names of the 2D ones in their state dicts, so weights inflate.
    func testEveryBottleneckHasAFormOnClips() throws {
        let videos = Catalogue.models.filter { $0.architecture.rank == .video }
        XCTAssertGreaterThan(videos.count, 60)
        for video in videos {
            let name = video.name.replacing("3d", with: "", maxReplacements: 1)
            // Narrow ones have no name on images.
            let quarter = "_0.25"
            let image =
                name.hasSuffix(quarter)
                ? try Catalogue.architecture(named: String(name.dropLast(quarter.count))).scaled(0.25)
                : try Catalogue.architecture(named: name)
            XCTAssertEqual(image.onVideo(), video.architecture, video.name)
            XCTAssertEqual(
                try image.plan().tensors.map(\.name), try video.architecture.plan().tensors.map(\.name), video.name)
        }
    }

    func testNamesOfOneArchitectureAreTheGoldenOnes() throws {
        var compared: Set<String> = []
        for golden in try GoldenBackbone.all() {
            guard let model = Catalogue.models.first(where: { $0.name == golden.model }) else { continue }
            XCTAssertEqual(model.architecture, try golden.architecture.architecture(), golden.model)
            compared.insert(golden.model)
        }
        XCTAssertTrue(compared.isSuperset(of: ["resnet18", "iresnet50"]), "compared only \(compared.sorted())")
    }

    func testAnUnknownNameIsAnsweredWithTheNearest() {
        XCTAssertThrowsError(try Catalogue.architecture(named: "iresnet51")) { error in
            XCTAssertEqual((error as? UnknownModel)?.nearest, "iresnet50")
            XCTAssertEqual("\(error)", "no model is called \"iresnet51\"; did you mean \"iresnet50\"?")
        }
    }

    func testWidthScalesStemPlanesAndGroups() throws {
        let architecture = try Catalogue.architecture(named: "res_rgsnet26_0.25")
        XCTAssertEqual(architecture.planes, [16, 32, 64, 128])
        XCTAssertEqual(architecture.stemWidth, 16)
        XCTAssertEqual(architecture.shortcutGroups, 8)
        XCTAssertEqual(try Catalogue.architecture(named: "res_rgsnet26_2").shortcutGroups, 32)
    }

    /// What the papers say, in millions of parameters, to their last digit.
    func testCIFARNetworksHaveThePapersParameters() throws {
        for (name, millions) in [
            ("cifar_resnext29_8x64d", 34.4), ("cifar_resnext29_16x64d", 68.1), ("cifar_wrn28_10", 36.5),
            ("cifar_resnet164", 1.7), ("cifar_iresnet3002", 30.9),
        ] {
            let count = Double(try Catalogue.architecture(named: name).plan().parameterCount) / 1e6
            XCTAssertEqual(count, millions, accuracy: 0.07, name)
        }
    }

    func testNearestNameCountsEdits() {
        XCTAssertEqual(nearestName(to: "kitten", among: ["sitting", "mitten", "bitter"]), "mitten")
        XCTAssertNil(nearestName(to: "kitten", among: []))
    }

    /// torchvision's names of networks that have another name here.
    func testAliases() throws {
        XCTAssertEqual(try Catalogue.model(named: "wide_resnet50_2").name, "wideresnet50_2")
        XCTAssertEqual(
            try BackboneArchitecture(text: "wide_resnet101_2:stem=cifar"),
            try BackboneArchitecture(text: "wideresnet101_2:stem=cifar"))
        let names = Set(Catalogue.models.map(\.name))
        for (alias, name) in Catalogue.aliases {
            XCTAssertFalse(names.contains(alias))
            XCTAssertTrue(names.contains(name), name)
        }
        for name in ["resnet18", "resnext50_32x4d", "resnext101_64x4d", "densenet161"] {
            XCTAssertNoThrow(try Catalogue.model(named: name))
        }
    }
}
