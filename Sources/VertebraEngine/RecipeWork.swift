import Annotations
import ArgumentParser
import Commands
import ScoreCommands
import Workflows

extension RecipeCommand: EngineWork {
    package func workInEngine() throws {
        guard let recipe else {
            printToStandardOutput(try RecipeListing.reference(), terminator: "")
            return
        }
        let listing = try RecipeListing(RecipeFile(path: recipe, settings: set.settings))
        printToStandardOutput(json ? try prettyJSON(listing) : listing.text)
    }
}
