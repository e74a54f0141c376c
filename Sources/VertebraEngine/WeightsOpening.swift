import Commands
import ScoreCommands
import Workflows

extension WeightsOptions {
    /// Opens a checkpoint, or weights of others, and says on standard error what these were taken for.
    ///
    /// - Parameter data: What to measure on, in place of a recipe's data.
    func open(_ path: String, settings: [String], on data: NamedData? = nil) throws -> SavedModel {
        let saved = try SavedModel(path, settings: settings, model: model, classes: classes, data: data)
        for note in saved.notes { printToStandardError(note) }
        return saved
    }
}
