import Annotations
import ArgumentParser
import ScoreCommands
import Workflows

struct RecipeCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipe", abstract: "List every key of a recipe with its value, default, unit and meaning.",
        discussion: """
            The values include those of the recipe's base and the changes of --set. A * marks values that differ from the \
            default.
            """)

    @Argument(help: "A recipe file, such as one of tools/recipes.") var recipe: String?
    @OptionGroup var set: SettingOptions
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Print the keys of all recipes with their defaults, as the tables of docs/recipes.md.")
    var reference = false

    func validate() throws {
        guard (recipe == nil) == reference else {
            throw ValidationError("Name a recipe file, or use --reference for all keys.")
        }
    }

    func work() throws {
        guard let recipe else {
            printToStandardOutput(try RecipeListing.reference(), terminator: "")
            return
        }
        let listing = try RecipeListing(RecipeFile(path: recipe, settings: set.settings))
        printToStandardOutput(json ? try prettyJSON(listing) : listing.text)
    }
}
