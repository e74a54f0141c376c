import Architectures
import DataPipeline
import Foundation
import Listings
import Media
import NN
import Support
import Tensors

/// A named model and a file with its weights, which a user writes as `resnet50=weights.pth`.
public typealias NamedWeights = Listings.NamedWeights

/// A classifier to explain: the model, where it came from, and how images are prepared for it.
struct ExplainedModel {
    /// The model's name in pictures and JSON.
    var title: String
    /// The file of its weights.
    let source: String
    let classifier: ClassifierModel
    /// Whether the classes have names; otherwise they are numbers.
    let hasClassNames: Bool

    /// Lines that tell a person what a file of weights was taken for.
    var notes: [String] = []

    /// A classifier that `vertebra train` saved, or weights that others trained; `settings` change its recipe, `network`
    /// and `classNames` are for weights alone.
    ///
    /// - Throws: `JobError`, also for a detector; `CheckpointError`, `RecipeFileError`, `WeightsFileError`.
    init(checkpoint: String, network: String? = nil, classNames: String? = nil, settings: [String]) throws {
        let saved = try SavedModel(checkpoint, settings: settings, model: network, classes: classNames)
        try saved.require(
            .classification, "this is a detector, and Grad-CAM needs a classifier; `vertebra detect` uses it")
        source = saved.path
        classifier = try ClassifierModel(saved)
        guard !classifier.recipe.data.format.isOfVideos else {
            throw JobError(source, "this is a classifier of videos, but the files are pictures")
        }
        title = classifier.recipe.model.backbone
        hasClassNames = saved.hasClassNames
        notes = saved.notes
    }

    /// A named model with weights from elsewhere. Images are prepared as for published weights: with ImageNet's resizing,
    /// crop and colours, or CIFAR's for a network with CIFAR's stem. `settings` change `input.side`, `input.shorter_side`,
    /// `input.mean` and `input.deviation`.
    ///
    /// - Parameter classNames: names of the classifier's outputs: a well-known list's name, or a file with one on each line;
    ///   nil uses their numbers.
    /// - Throws: `JobError`, `RecipeFileError`, and the weights' own errors.
    init(_ weights: NamedWeights, classNames: String?, settings: [String]) throws {
        let place = "--model \(weights)"
        let named: BackboneArchitecture
        do {
            named = try BackboneArchitecture(text: weights.model)
        } catch {
            throw JobError(place, "\(error)")
        }
        guard named.rank == .image else {
            throw JobError(place, "\(weights.model) takes clips, but the files are pictures")
        }
        guard FileManager.default.fileExists(atPath: weights.path) else {
            throw JobError(weights.path, "there is no such file of weights")
        }
        let state: [(name: String, tensor: Tensor)]
        switch try WeightsLayout(WeightsFile(weights.path)) {
        case .backbone(let file), .fasterRCNN(let file), .ssd(let file): state = file.state
        case .foreign(let network): throw JobError(weights.path, network.reason(path: weights.path))
        }
        let classifierName = try named.plan().classifier.map { $0.name + ".weight" } ?? ""
        guard let shape = state.first(where: { $0.name == classifierName })?.tensor.shape, let count = shape.first
        else {
            throw JobError(
                weights.path,
                "holds no \(classifierName), the classifier of \(weights.model); give weights of the whole "
                    + "network")
        }
        let names = try OutputNames(count, of: weights.path, given: classNames, usual: [.imagenet])
        let recipeText = """
            task: classification
            model: {backbone: "\(weights.model)"}
            data: {format: \(named.stem == .cifar ? "cifar" : "folder")}
            """
        let file = try RecipeFile(text: recipeText, path: place, settings: settings)
        classifier = try ClassifierModel(
            recipe: file.decode(ClassificationRecipe.self), file: file,
            classNames: names.names, loadsWeights: false)
        do {
            try classifier.network.loadStateDict(state)
        } catch let error as StateDictError {
            throw JobError(weights.path, "\(error)")
        }
        classifier.network.eval()
        source = weights.path
        title = weights.model
        hasClassNames = names.source != nil
    }

    /// The network's input for a picture that was decoded for it: `[1, 3, H, W]`, normalised.
    func input(_ picture: DecodedPicture) -> Tensor {
        classifier.normalized(Tensor(picture.image).permute([2, 0, 1]).unsqueeze(0))
    }

    /// The index of a stage by its name; nil is the last stage.
    ///
    /// - Throws: `JobError` with the nearest name if there is no such stage.
    func stageIndex(_ name: String?) throws -> Int {
        let names = classifier.network.plan.stages.map(\.name)
        guard let name else { return names.count - 1 }
        guard let index = names.firstIndex(of: name) else {
            let nearest = nearestName(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
            throw JobError(
                "--stage \(name)", "\(title) has \(names.joined(separator: ", "))\(nearest)")
        }
        return index
    }
}
