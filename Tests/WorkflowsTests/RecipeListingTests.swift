import Foundation
import Workflows
import XCTest

final class RecipeListingTests: XCTestCase {
    private func listing(_ text: String, _ settings: String...) throws -> [String: RecipeListing.Entry] {
        let entries = try RecipeListing(RecipeFile(text: text, path: "r.yaml", settings: settings)).entries
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0) })
    }

    private let detection = """
        task: detection
        model: {backbone: resnet18}
        data: {format: coco, train: {annotations: a.json, images: i}}
        """

    func testAValueStandsBesideItsDefault() throws {
        let keys = try listing(detection, "training.epochs=3", "training.milestones={epochs: [2]}")
        XCTAssertEqual(keys["training.epochs"]?.value, "3")
        XCTAssertEqual(keys["training.epochs"]?.usual, "12")
        XCTAssertEqual(keys["training.milestones"]?.value, "{epochs: [2]}")
        XCTAssertEqual(keys["training.milestones"]?.usual, "[0.67, 0.92]")
        XCTAssertEqual(keys["training.drop_last"]?.value, "false")
        XCTAssertEqual(keys["data.train.images"]?.value, "i")
        XCTAssertEqual(keys["data.val.images"]?.value, "none")
        XCTAssertNil(keys["model.backbone"]?.usual)
        XCTAssertNil(keys["data.train.annotations"]?.usual)
        XCTAssertNil(keys["data.train.images"]?.usual)
        XCTAssertEqual(keys["model.backbone"]?.value, "resnet18")
    }

    func testAListOfVOCHasItsRolesName() throws {
        let keys = try listing(
            "task: detection\nmodel: {backbone: resnet18}\ndata: {format: voc, train: {split: trainval}}")
        XCTAssertEqual(keys["data.train.split"]?.value, "trainval")
        XCTAssertEqual(keys["data.train.split"]?.usual, "train")
    }

    /// C4's own defaults, not the pyramid's, stand beside its values.
    func testDefaultsAreThoseOfTheDetectorInUse() throws {
        XCTAssertEqual(
            try listing(detection, "model.faster_rcnn.form=c4")["model.faster_rcnn.roi_resolution"]?.usual, "14")
        XCTAssertEqual(try listing(detection)["model.faster_rcnn.roi_resolution"]?.usual, "7")
        let ssd = try listing(detection, "model.detector=ssd512")
        XCTAssertNil(ssd["model.faster_rcnn.form"])
        XCTAssertEqual(ssd["model.ssd.topk_candidates"]?.value, "400")
        XCTAssertEqual(ssd["model.detector"]?.usual, "faster_rcnn")
    }

    func testEveryKeyIsDescribed() throws {
        let recipes = [
            detection, detection + "\ninference: {nms: linear}",
            detection.replacingOccurrences(of: "{backbone", with: "{detector: ssd300, backbone"),
            "task: classification\nmodel: {backbone: resnet18}\ndata: {format: kinetics}",
        ]
        for recipe in recipes {
            let keys = try listing(recipe)
            XCTAssertGreaterThan(keys.count, 40)
            for (key, entry) in keys { XCTAssertGreaterThan(entry.meaning.count, 5, "\(key) has no meaning") }
        }
    }

    /// Each key that is listed is one that the recipe takes: its own value, said again, changes nothing.
    func testEveryListedKeyIsTaken() throws {
        let file = try RecipeFile(text: detection, path: "r.yaml")
        let recipe = try file.decode(DetectionRecipe.self)
        for entry in try RecipeListing(file).entries where entry.value != "none" && entry.key != "model.backbone" {
            let again = try RecipeFile(text: detection, path: "r.yaml", settings: ["\(entry.key)=\(entry.value)"])
            XCTAssertEqual(try again.decode(DetectionRecipe.self), recipe, entry.key)
        }
    }

    func testThePageOfAllKeysIsUpToDate() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/recipes.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        XCTAssertTrue(
            text.hasSuffix(try RecipeListing.reference()),
            "the tables of docs/recipes.md are those that `vertebra recipe --reference` prints")
    }
}
