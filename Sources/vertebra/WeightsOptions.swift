import ArgumentParser
import ScoreCommands
import Workflows

/// Options that say what weights of others are, for commands that use a model.
struct WeightsOptions: ParsableArguments {
    @Option(
        help: """
            For weights that others trained: their network, a name that `vertebra models` lists or one of torchvision's, such \
            as fasterrcnn_resnet50_fpn. Default: told by the names and shapes of the tensors.
            """)
    var model: String?
    @Option(
        help: """
            For weights that others trained: the names of the classes, coco, voc, imagenet, kinetics400, or a file with one \
            name on each line in the order of the outputs. Default: the list that has as many names.
            """)
    var classes: String?

    /// Opens a checkpoint, or weights of others, and says on standard error what these were taken for.
    ///
    /// - Parameter data: What to measure on, in place of a recipe's data.
    func open(_ path: String, settings: [String], on data: NamedData? = nil) throws -> SavedModel {
        let saved = try SavedModel(path, settings: settings, model: model, classes: classes, data: data)
        for note in saved.notes { printToStandardError(note) }
        return saved
    }
}
