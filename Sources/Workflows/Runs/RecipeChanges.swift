import NN
import Training

/// What changed in a recipe since a checkpoint, by its keys, and whether the steps until then would have been others.
package struct RecipeChanges {
    /// A key and its values, in YAML.
    package struct Change: Hashable, Sendable {
        package let key: String
        package let from: String
        package let to: String
    }

    /// The keys that changed and of which the steps until the checkpoint depend.
    package private(set) var decisive: [Change] = []
    /// The other keys that changed.
    package private(set) var harmless: [Change] = []
    /// Why the checkpoint's recipe can't be read; nil if it can.
    package private(set) var unreadable: String?

    /// Compares the recipe of a checkpoint with the one that its run is to go on with.
    ///
    /// - Parameters:
    ///   - info: What the checkpoint says.
    ///   - options: The options that follow from the new recipe, for the learning rates of the steps that were taken.
    package init(since info: CheckpointInfo, to file: RecipeFile, learningRate: Double, options: TrainingOptions) throws
    {
        guard try info.recipe != file.text else { return }
        let new = try RecipeListing(file).entries
        let old: [RecipeListing.Entry]
        do {
            old = try RecipeListing(RecipeFile(text: info.recipe, path: "its recipe")).entries
        } catch {
            unreadable = "\(error)"
            return
        }
        let before = Dictionary(old.map { ($0.key, $0.value) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.key, $0.value) }) { first, _ in first }
        let keys = new.map(\.key) + old.map(\.key).filter { after[$0] == nil }
        let ratesAreSame = (0..<info.step).allSatisfy {
            info.learningRate * info.schedule.factor(step: $0) == learningRate * options.schedule.factor(step: $0)
        }
        let changed = keys.filter { before[$0] != after[$0] }
        // A length changes rates by way of a schedule; where that was changed too, the length is not to blame.
        let lengthIsHarmless = ratesAreSame || changed.contains(where: Self.ofRates.contains)
        for key in changed {
            let change = Change(key: key, from: before[key] ?? "none", to: after[key] ?? "none")
            if Self.isHarmless(key) || (Self.ofRates.contains(key) && ratesAreSame)
                || (Self.ofLength.contains(key) && lengthIsHarmless)
            {
                harmless.append(change)
            } else {
                decisive.append(change)
            }
        }
    }

    /// Keys that decide how long training is: without effect on steps taken at the same rates.
    private static let ofLength: Set = ["training.epochs", "training.steps"]

    /// Keys that decide the learning rates.
    private static let ofRates: Set = [
        "training.learning_rate", "training.schedule", "training.milestones",
        "training.gamma", "training.warmup_steps", "training.warmup_epochs",
    ]

    /// Keys of which no step depends: where files are, how the work is shared out, and what happens outside of training.
    private static let free: Set = [
        "model.license", "data.root", "data.index", "data.failed_images", "data.path_prefix", "data.path_percent",
        "data.path_backslashes",
        "data.classes", "training.threads", "training.loader_threads",
        "training.memory", "training.cudnn_benchmark", "training.channels_last",
        "training.keep_best", "training.checkpoint_steps", "training.checkpoint_minutes",
        "model.checkpoint_activations", "input.test_clips",
        "input.test_crops", "model.faster_rcnn.rpn_pre_nms_top_n_test", "model.faster_rcnn.rpn_post_nms_top_n_test",
        "model.faster_rcnn.box_score_thresh", "model.faster_rcnn.box_nms_thresh",
        "model.faster_rcnn.box_detections_per_img", "model.ssd.score_thresh", "model.ssd.topk_candidates",
        "model.ssd.nms_thresh", "model.ssd.detections_per_img",
    ]

    private static func isHarmless(_ key: String) -> Bool {
        free.contains(key) || key.hasPrefix("evaluation.") || key.hasPrefix("inference.") || key.hasPrefix("logging.")
            || key.hasPrefix("training.early_stopping.")
            || key.hasPrefix("data.val")
    }

    /// Throws `JobError` if a run from the checkpoint at `path` would be another training than that of the new recipe.
    package func requireContinuing(_ path: String) throws {
        if let unreadable {
            throw JobError(
                path,
                "the recipe that it was trained with can't be read by this program (\(unreadable)), so what changed in it is "
                    + "not known. --accept-changes goes on all the same")
        }
        guard !decisive.isEmpty else { return }
        throw JobError(
            path,
            "its steps were trained with other settings: \(Self.list(decisive)). So this would be neither the old training "
                + "nor the new one. Set them back, start a new run with another --output, or go on all the same with "
                + "--accept-changes")
    }

    /// What changed in words, and where the old recipe is; nil if nothing did.
    package func summary(oldRecipe: String) -> String? {
        let changes = decisive + harmless
        if unreadable != nil { return "the recipe was changed in an unknown way; the old one is \(oldRecipe)" }
        guard !changes.isEmpty else { return nil }
        return "the recipe was changed, the old one is \(oldRecipe): \(Self.list(changes))"
            + (decisive.isEmpty ? "; the steps taken would have been the same" : "")
    }

    private static func list(_ changes: [Change]) -> String {
        changes.map { "\($0.key) from \($0.from) to \($0.to)" }.joined(separator: ", ")
    }
}

/// How a run is taken up again.
struct Resumption {
    /// The checkpoint to go on from: `best`, `last` or a file; nil is the run's last.
    var from: String?
    /// Whether changes of the recipe that make another training of it are accepted.
    var acceptsChanges = false
}
