import Annotations
import ArgumentParser
import Foundation
import Listings
import ScoreCommands

package struct DescribeCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "List a model's layers, or show what a file of weights says of itself.",
        discussion: """
            Of a name, it lists the layers: names, shapes, parameters, multiply-adds. Of a checkpoint, a run's folder, a \
            .safetensors or a .pth, it shows the network, the classes, what the network is given, and how it was made: \
            recipe, data, figures, licence. --card prints this as a model's card, Markdown with the head that a model hub reads.
            """)

    @Argument(
        help: """
            A name that `vertebra models` lists, or one with changed axes, as in iresnet50:shortcut=dense; or a file of \
            weights, or a run's folder.
            """)
    package var model: String
    @Option(help: "Of a name: number of the classifier's classes.") package var classes: Int?
    @Option(
        help: """
            Of a name: channels, height and width such as 3x224x224; for a video model channels, frames, height and width.
            """)
    package var input: String?
    @Flag(help: "Of a file: print a model's card.") package var card = false
    @Flag(help: "Print JSON.") package var json = false

    /// Whether the argument is a file or a folder. A model's name comes first, whatever lies in the folder.
    private var isFile: Bool {
        guard ModelListing.unknown(model) != nil else { return false }
        return model.contains("/") || WeightsForm(ofName: model) != nil
            || FileManager.default.fileExists(atPath: model)
    }

    package func validate() throws {
        if isFile {
            for (option, isGiven) in [("--classes", classes != nil), ("--input", input != nil)] where isGiven {
                throw ValidationError("\(option) is for a model's name, and \(model) is a file.")
            }
            guard !card || !json else {
                throw ValidationError("--card is Markdown and --json is JSON; give one of them.")
            }
            return
        }
        if let classes, classes < 1 { throw ValidationError("--classes is \(classes); it must be above 0.") }
        if let input, ModelDescription.size(input) == nil {
            throw ValidationError("--input '\(input)' is not a size such as 3x224x224.")
        }
        if let problem = ModelListing.unknown(model) { throw ValidationError(problem) }
        guard !card else { throw ValidationError("--card is for a file of weights, and \(model) is a model's name.") }
    }

    package func work() throws {
        guard !isFile else { return try workAsEngine() }
        let description = try ModelDescription(
            model: model, classes: classes, input: input.flatMap(ModelDescription.size))
        printToStandardOutput(json ? try prettyJSON(description) : description.table)
    }

    package init() {}
}
