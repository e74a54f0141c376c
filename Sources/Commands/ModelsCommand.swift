import Annotations
import ArgumentParser
import Listings
import ScoreCommands

package struct ModelsCommand: WorkCommand {
    package static let configuration = CommandConfiguration(
        commandName: "models", abstract: "List the named models: parameters, multiply-adds, paper.")

    @Flag(help: "List the axes in which architectures differ, and their values.") package var axes = false
    @Flag(help: "Print everything, with all axes, as JSON.") package var json = false

    package func work() throws {
        if axes {
            printToStandardOutput(json ? try prettyJSON(ModelListing.axes) : ModelListing.text(ModelListing.axes))
            return
        }
        let models = try ModelListing.all()
        printToStandardOutput(json ? try prettyJSON(models) : ModelListing.table(models))
    }

    package init() {}
}
