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

package struct DescribeCommand: WorkCommand {
    package static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "List a model's layers: names, shapes, parameters, multiply-adds.")

    @Argument(help: "A name that `vertebra models` lists, or one with changed axes, as in iresnet50:shortcut=dense.")
    package var model: String
    @Option(help: "Number of the classifier's classes.") package var classes: Int?
    @Option(help: "Channels, height and width such as 3x224x224; for a video model channels, frames, height and width.")
    package var input: String?
    @Flag(help: "Print JSON.") package var json = false

    package func validate() throws {
        if let classes, classes < 1 { throw ValidationError("--classes is \(classes); it must be above 0.") }
        if let input, ModelDescription.size(input) == nil {
            throw ValidationError("--input '\(input)' is not a size such as 3x224x224.")
        }
        if let problem = ModelListing.unknown(model) { throw ValidationError(problem) }
    }

    package func work() throws {
        let description = try ModelDescription(
            model: model, classes: classes, input: input.flatMap(ModelDescription.size))
        printToStandardOutput(json ? try prettyJSON(description) : description.table)
    }

    package init() {}
}
