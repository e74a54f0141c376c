import Annotations
import Foundation
import Support
import Tensors
import Training

/// A folder of weights laid out as the model hub of Hugging Face shows them: `model.safetensors`, `config.json`,
/// `preprocessor_config.json` and the card as `README.md`.
package struct HubFolder {
    /// The folder.
    package let path: String

    private static let weights = "model.safetensors"
    private static let names: Set = [weights, "config.json", "preprocessor_config.json", "README.md"]

    /// A folder to be made.
    package init(_ path: String) { self.path = path }

    /// Writes the folder, complete or not at all.
    ///
    /// - Parameters:
    ///   - source: A checkpoint, a run's folder, or weights of others.
    ///   - replacing: Whether a folder of the same kind is replaced.
    /// - Throws: `JobError` for a folder that may not be replaced and for a network that is not known here; what
    ///   ``WeightsDescription/init(_:)`` throws.
    package func write(_ source: String, replacing: Bool) throws {
        let whole = WholeFolder(path)
        try requireFree(whole, replacing: replacing)
        let description = try WeightsDescription(source)
        guard description.task != nil else {
            throw JobError(
                description.path,
                "is no network of this toolkit (\(description.notes.last ?? "unknown")), so there is nothing to say of it"
            )
        }
        let name = FilePath.name(of: whole.path)
        let card = ModelCard(description, name: name, weights: Self.weights)
        do {
            try whole.make { folder in
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try WeightsFile(description.path).write(to: folder + "/" + Self.weights)
                try RunFolder.write(card.text, to: folder + "/README.md")
                try RunFolder.write(Self.json(HubConfiguration(description)), to: folder + "/config.json")
                if let input = description.input {
                    try RunFolder.write(
                        Self.json(HubPreprocessor(input)), to: folder + "/preprocessor_config.json")
                }
            }
        } catch let error as WholeFolderError {
            throw JobError(error.path, "the folder can't be made (\(error.reason)); choose another one")
        }
    }

    private func requireFree(_ folder: WholeFolder, replacing: Bool) throws {
        guard folder.exists else { return }
        guard replacing else {
            throw JobError(path, "exists already; choose another folder, or replace it with --replace")
        }
        guard let names = FolderNames.list(folder.path)?.names else {
            throw JobError(path, "is no folder that can be read; name another one")
        }
        if let stranger = names.filter({ !Self.names.contains($0) }).min() {
            throw JobError(
                path, "holds \(stranger), which is not written here, so it is not replaced; choose another folder")
        }
    }

    private static func json(_ value: some Encodable) throws -> String { try prettyJSON(value) + "\n" }
}

/// The contents of `config.json`.
struct HubConfiguration: Encodable {
    let architectures: [String]
    let modelType = "vertebra"
    let vertebraVersion = Release.version
    let task: String
    let backbone: String
    let numLabels: Int
    let id2label: [String: String]
    let label2id: [String: Int]
    let input: ModelInput?
    let license: String?
    let recipe: String?

    enum CodingKeys: String, CodingKey {
        case architectures, task, backbone, id2label, label2id, input, license, recipe
        case modelType = "model_type"
        case vertebraVersion = "vertebra_version"
        case numLabels = "num_labels"
    }

    init(_ description: WeightsDescription) {
        let isDetector = description.task == .detection
        let backbone = description.backbone ?? ""
        architectures = [isDetector ? description.network ?? "" : backbone]
        task = description.task?.rawValue ?? ""
        self.backbone = backbone
        // The head of a detector has an output for the background in front of the classes.
        let labels = (isDetector ? ["__background__"] : []) + (description.classes ?? [])
        numLabels = labels.count
        id2label = Dictionary(labels.enumerated().map { ("\($0)", $1) }) { first, _ in first }
        label2id = Dictionary(labels.enumerated().map { ($1, $0) }) { first, _ in first }
        input = description.input
        license = description.origin?.license
        recipe = description.recipe.map(RecipeFile.withoutFolders)
    }
}

/// The contents of `preprocessor_config.json`, in the words that image processors of the hub's programs share.
struct HubPreprocessor: Encodable {
    let doRescale = true
    let rescaleFactor = 1.0 / 255
    let doNormalize = true
    let imageMean: [Double]
    let imageStd: [Double]
    let doResize: Bool
    let size: [String: Int]
    let doCenterCrop: Bool
    let cropSize: [String: Int]?

    enum CodingKeys: String, CodingKey {
        case size
        case doRescale = "do_rescale"
        case rescaleFactor = "rescale_factor"
        case doNormalize = "do_normalize"
        case imageMean = "image_mean"
        case imageStd = "image_std"
        case doResize = "do_resize"
        case doCenterCrop = "do_center_crop"
        case cropSize = "crop_size"
    }

    init(_ input: ModelInput) {
        (imageMean, imageStd) = (input.mean, input.deviation)
        let square = input.side.map { ["height": $0, "width": $0] }
        doCenterCrop = square != nil && input.shorterSide != nil
        cropSize = doCenterCrop ? square : nil
        doResize = square == nil || doCenterCrop || input.frames == nil
        if let square, !doCenterCrop {
            size = square
        } else {
            size = [("shortest_edge", input.shorterSide), ("longest_edge", input.longerSide)].reduce(into: [:]) {
                $0[$1.0] = $1.1
            }
        }
    }
}
