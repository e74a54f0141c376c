import Architectures
import Backbones
import DataPipeline
import Foundation
import Media
import NN
import Support
import Tensors
import Training

/// A classifier with what is needed to use it: its recipe and the names of its classes.
public struct ClassifierModel: RecipeModel {
    /// The network.
    public let network: Backbone
    /// The network, by the name that models of all tasks share.
    public var module: Module { network }
    /// The part of the network that is a backbone.
    package var body: Backbone { network }
    /// True: images and clips are cropped to one size.
    package var hasFixedSize: Bool { true }
    /// Names of the classes, in the order of the labels 0, 1, ….
    public let classNames: [String]
    package let recipe: ClassificationRecipe
    /// The file of `recipe`, for error messages.
    package let file: RecipeFile
    /// What became of the weights to start from; nil without any. A classifier of other classes is left out.
    public let start: StartWeights?
    /// Names of start weights that the network has no place for; empty without start weights.
    package var unusedWeights: [String] { start?.unused ?? [] }

    /// The classifier that a training saved, on a device and in evaluation mode.
    ///
    /// - Throws: `RecipeFileError`, also for a detector; `CheckpointError` where the weights don't fit; `MissingDevice`.
    public init(_ saved: SavedModel, device: Device = .cpu) throws { try self.init(opening: saved, device: device) }

    /// A model with fresh weights, drawn from the recipe's seed, or with those that the recipe names.
    ///
    /// - Throws: `RecipeFileError` with the recipe's line, `WeightsFileError`.
    package init(
        recipe: ClassificationRecipe, file: RecipeFile, classNames: [String], loadsWeights: Bool = true
    ) throws {
        self.recipe = recipe
        self.file = file
        self.classNames = classNames
        let named = try file.backbone(recipe.model.backbone)
        let isOfVideos = recipe.data.format.isOfVideos
        guard named.rank == .image || isOfVideos else {
            throw file.error(
                at: "model.backbone", "\(recipe.model.backbone) takes clips, but the data are images")
        }
        guard named.rank == .video || !isOfVideos || recipe.input.frames == 1 else {
            throw file.error(
                at: "model.backbone",
                "\(recipe.model.backbone) takes images, but the data are clips; take a 3D network, or set input.frames: 1 for "
                    + "single frames")
        }
        let architecture = named.with {
            $0.classes = classNames.count
            $0.dropout = recipe.model.dropout
        }
        network = try Random.seeded(recipe.training.seed) { try Backbone(architecture) }
        if recipe.model.zeroLastNorms { network.zeroLastNorms() }
        if recipe.model.checkpointsActivations { network.checkpointActivations() }
        start =
            if loadsWeights, let weights = recipe.model.weights {
                try Self.start(weights, into: network, classNames: classNames, recipe: file)
            } else { nil }
    }

    /// Loads weights to start from, of a classifier or of a detector's backbone.
    private static func start(
        _ path: String, into network: Backbone, classNames: [String], recipe: RecipeFile
    ) throws -> StartWeights {
        var notes: [String] = []
        let weights: WeightsFile
        switch try WeightsLayout(StartWeights.file(path, recipe: recipe)) {
        case .backbone(let file), .ssd(let file): weights = file
        case .fasterRCNN(let file):
            weights = file.under("backbone.body.")
            notes = ["a Faster R-CNN's weights: only its backbone is taken"]
        case .foreign(let other):
            guard let body = other.body else {
                throw recipe.error(at: "model.weights", "\(path): \(other.reason(path: path))")
            }
            weights = body
            notes = [other.note]
        }
        return try StartWeights(
            weights, into: network, classNames: classNames, called: "the classifier", recipe: recipe, notes: notes)
    }

    /// Whether the network takes clips `[N, 3, T, H, W]` rather than images `[N, 3, H, W]`.
    public var takesClips: Bool { network.plan.architecture.rank == .video }

    /// uint8 images or clips → float32, normalised, on the model's device.
    public func normalized(_ images: Tensor) -> Tensor {
        // A copy, because it is normalised in place.
        let pixels = images.to(device).to(.float32)
        PixelNormalization(mean: recipe.input.mean, deviation: recipe.input.deviation)
            .normalizeInPlace(pixels, isByte: true)
        return pixels
    }

    /// uint8 images or clips → logits `[N, classes]` float32, computed in the precision that the recipe asks for.
    public func logits(_ images: Tensor) -> Tensor {
        OutOfMemory.naming(work(images.shape, taking: "evaluation.batch")) {
            let input = normalized(images)
            return inPrecision { network(input) }.to(.float32)
        }
    }

    /// The network's input in a batch: its clips or its images.
    func input(_ batch: Batch<ClassificationSample>) -> Tensor { takesClips ? batch.clips : batch.images }

    /// A part of the recipe's data.
    ///
    /// - Parameter damaged: is told of damaged images that are accepted.
    /// - Throws: `DatasetError`, `AnnotationError`; `RecipeFileError` where clips must not be mirrored.
    static func dataset(
        _ recipe: ClassificationRecipe, file: RecipeFile, training: Bool, augmented: Bool, classNames: [String]? = nil,
        damaged: DamagedImageLog
    ) throws -> any ClassificationDataset {
        let transforms = recipe.input.transforms(recipe.data.format, training: augmented)
        switch recipe.data.format {
        case .cifar, .cifar10, .cifar100:
            return try CIFARDataset(
                folder: recipe.data.root, part: training ? .train : .test, kind: recipe.data.format.cifarKind,
                transforms: transforms)
        case .folder:
            return try ImageFolderDataset(
                folder: recipe.data.path(training ? recipe.data.train : recipe.data.val),
                classNames: classNames, transforms: transforms,
                decodeOptions: DecodeOptions(recipe.data.damagedImages, telling: damaged))
        case .kinetics, .somethingSomething:
            let part = try ClipPart(recipe.data, file: file, training: training, classNames: classNames)
            let mirrors = augmented && recipe.input.flip > 0
            if mirrors, part.annotations.mirroredLabels == nil {
                throw file.error(
                    at: "input.flip",
                    "mirrored clips of some classes belong to no class (left and right in their names have no "
                        + "counterpart): set input.flip=0")
            }
            var clips = ClipDataset(
                annotations: part.annotations, folder: part.folder,
                layout: recipe.input.clips(augmented: augmented, framePrefix: recipe.data.framePrefix),
                mirrorsLabels: mirrors)
            clips.frameOptions = DecodeOptions(recipe.data.damagedImages, telling: damaged)
            return clips
        }
    }
}
