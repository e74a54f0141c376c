import Workflows
import XCTest

final class KeyAliasesTests: XCTestCase {
    private func message(_ setting: String) -> String {
        let text = """
            task: detection
            model: {backbone: resnet18}
            data: {format: coco, train: {annotations: a.json, images: i}}
            """
        do {
            _ = try RecipeFile(text: text, path: "r.yaml", settings: [setting]).decode(DetectionRecipe.self)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    func testNamesOfOtherProgramsLeadToTheKey() {
        for (name, key) in [
            ("lr", "training.learning_rate"), ("training.lr", "training.learning_rate"),
            ("wd", "training.weight_decay"),
            ("training.wd", "training.weight_decay"), ("bs", "training.batch"), ("batch_size", "training.batch"),
            ("batch-size", "training.batch"), ("epochs", "training.epochs"), ("training.num_epochs", "training.epochs"),
            ("workers", "training.loader_threads"), ("num_workers", "training.loader_threads"),
            ("max_iter", "training.steps"), ("data.lr", "training.learning_rate"), ("momentum", "training.momentum"),
            ("evaluation.batch_size", "evaluation.batch"), ("backbone", "model.backbone"), ("root", "data.root"),
            ("training.epoch", "training.epochs"), ("training.shorter_side", "input.shorter_side"),
        ] {
            XCTAssertEqual(message("\(name)=1"), "--set \(name)=1: unknown key \(name); did you mean \(key)?")
        }
    }

    func testAStrangeNameListsTheSectionsKeys() {
        XCTAssertTrue(
            message("zzzzzzzz=1").hasSuffix(
                "a recipe has task, model, data, input, training, evaluation, inference, logging"))
    }
}
