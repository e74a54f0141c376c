import Annotations
import ArgumentParser
import ScoreCommands
import Workflows

struct RecipeCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipe", abstract: "Every key of a recipe: its value, default, unit and meaning.",
        discussion: """
            What a recipe inherits from its base and what --set changes is in place. A * stands before what differs from \
            the default.
            """)

    @Argument(help: "A recipe file, such as one of tools/recipes.") var recipe: String?
    @OptionGroup var set: SettingOptions
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "The keys of all recipes with their defaults, as the tables of docs/recipes.md.") var reference = false

    func validate() throws {
        guard (recipe == nil) == reference else {
            throw ValidationError("Name a recipe file, or ask for the --reference of all keys.")
        }
    }

    func work() throws {
        guard let recipe else {
            print(try RecipeListing.reference(), terminator: "")
            return
        }
        let listing = try RecipeListing(RecipeFile(path: recipe, settings: set.settings))
        print(json ? try prettyJSON(listing) : listing.text)
    }
}
