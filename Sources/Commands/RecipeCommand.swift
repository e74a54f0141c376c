import Annotations
import ArgumentParser
import ScoreCommands

package struct RecipeCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "recipe", abstract: "List every key of a recipe with its value, default, unit and meaning.",
        discussion: """
            The values include those of the recipe's base and the changes of --set. A * marks values that differ from the \
            default.
            """)

    @Argument(help: "A recipe file, such as one of tools/recipes.") package var recipe: String?
    @OptionGroup package var set: SettingOptions
    @Flag(help: "Print JSON.") package var json = false
    @Flag(help: "Print the keys of all recipes with their defaults, as the tables of docs/recipes.md.")
    package var reference = false

    package func validate() throws {
        guard (recipe == nil) == reference else {
            throw ValidationError("Name a recipe file, or use --reference for all keys.")
        }
    }

    package init() {}
}
