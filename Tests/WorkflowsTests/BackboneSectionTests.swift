import Architectures
import Workflows
import XCTest

final class BackboneSectionTests: XCTestCase {
    private func recipe(_ backbone: String, _ settings: String...) throws -> (text: String, file: RecipeFile) {
        let file = try RecipeFile(
            text: """
                task: classification
                model:
                  backbone: \(backbone)
                data: {format: cifar}
                """, path: "r.yaml", settings: settings)
        return (try file.decode(ClassificationRecipe.self).model.backbone, file)
    }

    private func message(_ backbone: String, _ settings: String...) -> String {
        do {
            let (_, file) = try recipe(backbone)
            var changed = file
            for setting in settings { try changed.apply(setting) }
            _ = try ClassifierModel(
                recipe: changed.decode(ClassificationRecipe.self), file: changed, classNames: ["a", "b"])
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    func testANameATextAndASectionSayTheSame() throws {
        XCTAssertEqual(try recipe("iresnet50").text, "iresnet50")
        let texts = [
            try recipe("iresnet50:shortcut=dense,planes=32/64/128/256").text,
            try recipe("{base: iresnet50, shortcut: dense, planes: [32, 64, 128, 256]}").text,
            try recipe("{base: 'iresnet50:shortcut=dense', planes: 32/64/128/256}").text,
            try recipe("iresnet50", "model.backbone.shortcut=dense", "model.backbone.planes=[32, 64, 128, 256]").text,
            try recipe("{shortcut: dense, planes: [32, 64, 128, 256]}", "model.backbone.base=iresnet50").text,
        ]
        let expected = try Catalogue.architecture(named: "iresnet50").with {
            $0.shortcut = .dense()
            $0.planes = [32, 64, 128, 256]
        }
        for text in texts { XCTAssertEqual(try BackboneArchitecture(text: text), expected, text) }
    }

    func testWithoutABaseTheOtherAxesAreResNet50s() throws {
        XCTAssertEqual(
            try BackboneArchitecture(text: recipe("{shortcut: rg}").text),
            try Catalogue.architecture(named: "b_rgsnet50"))
    }

    /// What a run keeps is read by whoever goes on with it.
    func testTheSectionSurvivesInARun() throws {
        let (text, file) = try recipe("resnet50", "model.backbone.shortcut=dense")
        let kept = try RecipeFile(text: file.text, path: "kept").decode(ClassificationRecipe.self)
        XCTAssertEqual(kept.model.backbone, text)
        XCTAssertEqual(text, "resnet50:shortcut=dense")
    }

    func testMistakesNameTheLineAndTheNearestWord() {
        XCTAssertEqual(
            message("resnet5O"), #"r.yaml:3: model.backbone: no model is called "resnet5O"; did you mean "resnet50"?"#)
        XCTAssertEqual(
            message("{base: resnet18, shortcutt: dense}"),
            #"r.yaml:3: model.backbone.shortcutt can't be read: no axis is called "shortcutt"; did you mean "shortcut"?"#
        )
        XCTAssertTrue(
            message("resnet18", "model.backbone.shortcut=densee").hasPrefix(
                #"--set model.backbone.shortcut=densee: model.backbone.shortcut can't be read: "densee" is not a value of "#
                    + #"shortcut; did you mean "dense"?"#), message("resnet18", "model.backbone.shortcut=densee"))
    }

    func testAnIllegalPairNamesTheAxisAndTheReason() {
        XCTAssertEqual(
            message("{base: resnet50, order: pre_activation, inner_shortcut: rg}"),
            "r.yaml:3: model.backbone.inner_shortcut: it joins a normalised 3×3, which the pre-activation order lacks")
        XCTAssertTrue(message("resnet18:inner_shortcut=rg").contains("model.backbone.inner_shortcut: it stands around"))
    }

    func testADetectorAndAClassifierAreBuiltOnAnArchitectureNobodyNamed() throws {
        let (_, file) = try recipe("{base: resnet18, stem: cifar, shortcut: rg, planes: [32, 32, 32, 32]}")
        let model = try ClassifierModel(
            recipe: file.decode(ClassificationRecipe.self), file: file, classNames: ["a", "b"])
        XCTAssertEqual(model.network.plan.architecture.shortcut, .rg)
        XCTAssertEqual(model.network.plan.stages.map(\.channels), [32, 32, 32, 32])

        let detection = try RecipeFile(
            text: """
                task: detection
                model: {backbone: {base: resnet18, shortcut: rg, planes: [32, 64, 64, 64]}}
                data: {format: coco, train: {annotations: a, images: i}}
                """, path: "d.yaml")
        let detector = try DetectorModel(
            recipe: detection.decode(DetectionRecipe.self), file: detection, classNames: ["a"])
        XCTAssertTrue(detector.module.stateDict().contains { $0.name.hasSuffix("layer1.1.rg.weight") })
    }
}
