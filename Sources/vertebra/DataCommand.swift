import Annotations
import ArgumentParser
import Media
import ScoreCommands
import Workflows

extension PictureCheck: ExpressibleByArgument {}

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Work on data sets: find mistakes, draw images, make sample sets.",
        subcommands: [Check.self, Show.self, Index.self, Make.self, Minival.self])

    /// How the file names of an instances JSON become paths in the folder of its images.
    struct FileNameOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                """
                A beginning of the JSON's file names and what takes its place; the first of several that fits is taken. The last = \
                separates the two.
                """, valueName: "from=to"))
        var pathPrefix: [String] = []
        @Flag(help: "Take %20 and the like in the JSON's file names for characters.") var pathPercent = false
        @Flag(help: "Take backslashes in the JSON's file names for slashes.") var pathBackslashes = false

        func validate() throws {
            for text in pathPrefix where !text.contains("=") {
                throw ValidationError("--path-prefix is \(text); write FROM=TO, or FROM= to take a beginning off.")
            }
        }

        var map: FileNameMap {
            FileNameMap(
                prefixes: pathPrefix.compactMap { text in
                    text.lastIndex(of: "=").map {
                        .init(from: String(text[..<$0]), to: String(text[text.index(after: $0)...]))
                    }
                }, decodesPercent: pathPercent, readsBackslashes: pathBackslashes)
        }
    }

    /// The data set to work on: a recipe's, or files and folders given as options.
    struct Source: ParsableArguments {
        @Argument(help: "A recipe file, for its training and validation parts.") var recipe: String?
        @OptionGroup var set: SettingOptions
        @Option(help: "An instances JSON; needs --images.") var coco: String?
        @Option(help: "The folder of the JSON's images.") var images: String?
        @OptionGroup var names: FileNameOptions
        @Option(help: "A VOC folder: Annotations, ImageSets, JPEGImages.") var voc: String?
        @Option(help: "A list in the VOC folder's ImageSets/Main. Default: trainval; for check, all lists.")
        var split: String?

        func validate() throws {
            guard [recipe, coco, voc].compactMap({ $0 }).count == 1 else {
                throw ValidationError("Name one data set: a recipe, or --coco and --images, or --voc and --split.")
            }
            guard (coco == nil) == (images == nil) else {
                throw ValidationError("--coco and --images belong together.")
            }
            guard coco != nil || names.map.isIdentity else {
                throw ValidationError(
                    "--path-prefix, --path-percent and --path-backslashes belong to --coco; in a recipe they are data.path_prefix, "
                        + "data.path_percent and data.path_backslashes.")
            }
            guard recipe != nil || set.settings.isEmpty else {
                throw ValidationError("--set changes a recipe, and there is none.")
            }
        }

        func file() throws -> RecipeFile? {
            try recipe.map { try RecipeFile(path: $0, settings: set.settings) }
        }

        /// What the option says of damaged images, or else the recipe.
        func damagedImages(_ option: DamagedImagesOption) throws -> DamagedImages {
            if let given = option.damagedImages { return given }
            return try file()?.decode(DetectionRecipe.self).data.damagedImages ?? .refuse
        }

        func locations() throws -> [DatasetLocation] {
            if let file = try file() { return try DatasetLocation.parts(of: file) }
            if let coco, let images {
                return [
                    .coco(annotations: coco, images: images, fileNames: names.map.isIdentity ? nil : names.map)
                ]
            }
            return [.voc(folder: voc ?? "", split: split ?? "trainval")]
        }
    }

    struct Check: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Find mistakes in a data set before training meets them.",
            discussion: "The exit code is 1 if training would be affected.")

        @OptionGroup var source: Source
        @Option(help: "What to check of image files: decode them, read only their headers, or skip them.")
        var pictures: PictureCheck = .decode
        @Option(help: "Number of places to show for each kind of finding.") var places = 5
        @OptionGroup var damaged: DamagedImagesOption
        @Flag(help: "Print JSON.") var json = false

        func work() throws {
            let damagedImages = try source.damagedImages(damaged)
            let reports: [DatasetCheck]
            if let folder = source.voc, source.split == nil {
                reports = [DatasetCheck(vocFolder: folder, pictures: pictures, damagedImages: damagedImages)]
            } else {
                reports = DatasetCheck.checks(
                    of: try source.locations(), pictures: pictures, damagedImages: damagedImages)
            }
            printToStandardOutput(
                json ? try prettyJSON(reports) : reports.map { $0.text(placesShown: places) }.joined(separator: "\n\n"))
            if reports.contains(where: \.affectsTraining) { throw ExitCode.failure }
        }
    }

    struct Show: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Draw images with their boxes and names.")

        @OptionGroup var source: Source
        @Option(help: "Number of images to draw of each part, spread evenly.") var count = 12
        @Flag(help: "Draw images as training sees them: the training part with the recipe's transforms.")
        var training = false
        @Option(help: "Folder for the pictures.") var output: String
        @OptionGroup var damaged: DamagedImagesOption

        func validate() throws {
            guard count > 0 else { throw ValidationError("--count is \(count); it must be above 0.") }
            guard !training || source.recipe != nil else {
                throw ValidationError("--training shows a recipe's transforms, so it needs a recipe.")
            }
        }

        func work() throws {
            let locations = try source.locations()
            let input = training ? try source.file()?.decode(DetectionRecipe.self).input : nil
            let damagedImages = try source.damagedImages(damaged)
            let accepted = DamagedImageLog()
            for (i, location) in locations.enumerated() {
                let folder = locations.count == 1 ? output : output + (i == 0 ? "/train" : "/val")
                let pictures = try location.draw(
                    count: count, into: RunFolder(folder), training: i == 0 ? input : nil, damagedImages: damagedImages,
                    damaged: accepted)
                printToStandardOutput(
                    "\(location.title): \(pictures.count - 1) pictures in \(folder), all of them in \(pictures[0])")
            }
            printDamage(accepted.images)
        }
    }

    struct Minival: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "minival", abstract: "Make COCO 2014's minival and the training set that leaves it out.",
            discussion: """
                Reads instances_train2014.json, instances_val2014.json and instances_val2017.json in the folder's annotations, \
                and writes instances_minival2014.json, instances_valminusminival2014.json and \
                instances_trainvalminusminival2014.json beside them. Boxes, areas and crowds are kept; outlines are not.
                """)

        @Argument(help: "The folder where COCO's archives were unpacked.") var folder: String
        @Flag(help: "Replace the files if they exist.") var replace = false

        func work() throws {
            for made in try COCO2014Splits(folder: folder).make(replacing: replace) {
                printToStandardOutput(made.summary)
            }
        }
    }
}
