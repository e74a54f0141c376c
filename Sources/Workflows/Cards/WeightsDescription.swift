import Architectures
import Foundation
import Support
import Tensors
import Training

/// What a file of weights says of itself: its network, its classes, and how it was made.
package struct WeightsDescription: Sendable, Encodable {
    /// What a checkpoint says of its training.
    package struct Training: Sendable, Encodable {
        package let step: Int
        package let epoch: Int
        package let seed: UInt64
        package let optimizer: String
        package let learningRate: Double
        package let best: BestScore?
        /// Whether the file holds the optimiser's state, without which the training can't go on.
        package let canGoOn: Bool
    }

    /// The file.
    package let path: String
    /// The file's size.
    package let bytes: Int
    /// The network in a few words; nil for one that is not known here.
    package let network: String?
    /// The task; nil for a network that is not known here.
    package let task: VisionTask?
    /// The backbone as recipes write it; nil where it isn't known.
    package let backbone: String?
    /// Number of the model's tensors.
    package let tensors: Int
    /// How many numbers of each type they hold.
    package let numbers: [String: Int]
    /// The classes, in the order of the outputs; nil where nothing names them.
    package let classes: [String]?
    /// What the network is given; nil where it isn't known.
    package let input: ModelInput?
    /// How it was trained; nil for weights alone.
    package let training: Training?
    /// How the weights came about; nil for weights alone, and for checkpoints of earlier programs.
    package let origin: WeightsOrigin?
    /// The figures of `evaluate`, or else those of the checkpoint's last evaluation; nil if there are none.
    package let figures: MeasuredFigures?
    /// The recipe; nil for weights alone.
    package let recipe: String?
    /// The texts that other programs left in the file.
    package let metadata: [String: String]
    /// Lines that tell a person what else there is to know.
    package let notes: [String]

    /// Describes a checkpoint, a file of weights of any form, or the best checkpoint of a run's folder.
    ///
    /// - Throws: `JobError` where there is no such file; `CheckpointError` and `WeightsFileError` for a damaged one.
    package init(_ path: String) throws {
        let path = try RunFolder.checkpoint(at: path)
        self.path = path
        bytes = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        let state: [(name: String, tensor: Tensor)]
        if let checkpoint = try SavedModel.checkpoint(path) {
            let info = checkpoint.info
            state = checkpoint.model
            let file = try RecipeFile(text: info.recipe, path: "the recipe in \(path)")
            let head = try? NetworkHead(file)
            network = head?.title
            let task = head?.task
            (self.task, backbone) = (task, head?.backbone)
            classes = info.classNames
            let origin = try WeightsOrigin(texts: checkpoint.texts, path: path)
            self.origin = origin
            input = try origin?.input ?? ModelInput(file)
            training = Training(
                step: info.step, epoch: info.epoch, seed: info.seed, optimizer: info.optimizer,
                learningRate: info.learningRate, best: info.best, canGoOn: checkpoint.canGoOn)
            figures =
                task.flatMap {
                    MeasuredFigures(
                        beside: path, task: $0, step: info.step,
                        validation: origin?.data.first { $0.part == "val" })
                }
                ?? MeasuredFigures(metrics: info.metrics)
            recipe = info.recipe
            metadata = checkpoint.texts.filter { $0.key != WeightsOrigin.key }
            notes = []
        } else {
            let weights = try WeightsFile(path)
            state = weights.state
            (training, origin, figures, recipe) = (nil, nil, nil, nil)
            metadata = weights.metadata
            do {
                let published = try PublishedModel(weights, model: nil, classes: nil, data: nil, settings: [])
                let head = try? NetworkHead(published.file)
                network = head?.title
                (task, backbone) = (head?.task, head?.backbone)
                classes = published.hasClassNames ? published.checkpoint.info.classNames : nil
                input = try? ModelInput(published.file)
                notes = published.notes
            } catch let error as JobError {
                (network, task, backbone, classes, input) = (nil, nil, nil, nil, nil)
                notes = weights.notes + [error.reason]
            }
        }
        tensors = state.count
        numbers = Dictionary(state.map { ("\($0.tensor.dtype)", $0.tensor.count) }, uniquingKeysWith: +)
    }
}

/// The network that a recipe names.
struct NetworkHead {
    let task: VisionTask
    let backbone: String
    /// The network in a few words.
    let title: String
    /// The tags of the hub that say what it is.
    let tags: [String]

    /// - Throws: `RecipeFileError`.
    init(_ file: RecipeFile) throws {
        task = try VisionTask(of: file)
        switch task {
        case .detection:
            let model = try file.decode(DetectionRecipe.self).model
            backbone = model.backbone
            let name = model.detector == .fasterRCNN ? "Faster R-CNN" : model.detector.rawValue.uppercased()
            title = "\(name) on \(backbone)"
            tags = [model.detector.rawValue.replacingOccurrences(of: "_", with: "-")]
        case .classification:
            let recipe = try file.decode(ClassificationRecipe.self)
            backbone = recipe.model.backbone
            let isOfVideos = recipe.data.format.isOfVideos
            title = "\(backbone), a classifier of \(isOfVideos ? "clips" : "images")"
            tags = [isOfVideos ? "action-recognition" : "image-classification"]
        }
    }
}
