import Annotations
import ArgumentParser
import Commands
import ScoreCommands
import Workflows

extension DataCommand.Index: EngineWork {
    package func workInEngine() throws {
        let line = ProgressLine("looking at videos")
        defer { line.end() }
        let survey = try ClipSurvey(
            of: RecipeFile(path: recipe, settings: set.settings), progress: line.showTimeLeft)
        line.end()
        for note in survey.notes { printToStandardError(note) }
        guard !json else { return printToStandardOutput(try prettyJSON(survey)) }
        for part in survey.inventories { printToStandardOutput(part.text(placesShown: places)) }
        printToStandardOutput(
            "\(survey.opened) videos opened; \(survey.isKept ? "index" : "not kept"): \(survey.index)")
    }
}
