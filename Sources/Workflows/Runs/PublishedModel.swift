import Annotations
import Architectures
import Foundation
import NN
import Tensors
import Training

/// A network that others trained, made of a file of nothing but weights: what it is, is told by its tensors' names and
/// shapes. From then on it is used as a model that was trained here, with a recipe of its own.
struct PublishedModel {
    /// The weights under this toolkit's names.
    let checkpoint: Checkpoint
    /// A recipe that describes the network and how it sees its inputs.
    let file: RecipeFile
    /// What the weights were taken for, in one line, and more lines for a person.
    let notes: [String]
    /// Whether the classes have names; otherwise they are numbers.
    let hasClassNames: Bool

    /// - Parameters:
    ///   - weights: the file.
    ///   - model: what the user says that the network is; nil tells it by the tensors.
    ///   - classes: the classes' names: a well-known list's name, or a file with one name on each line.
    ///   - data: what to measure on; nil for a use without data.
    ///   - settings: changes to the recipe as `key=value`.
    /// - Throws: `JobError` for a network that isn't one of this toolkit, or not the one that the user says.
    init(_ weights: WeightsFile, model: String?, classes: String?, data: NamedData?, settings: [String]) throws {
        let network = try Network(weights, model: model.map { try ModelName($0) })
        let settings = try settings + Self.settings(of: data, for: network)
        let names = try OutputNames(
            network.outputs, of: weights.path, given: classes, usual: network.usualClasses,
            firstLabel: network.firstLabel,
            folders: network.task == .classification ? ClassFolders(settings: settings) : ClassFolders(names: []))
        let recipe = network.recipe
        file = try RecipeFile(text: recipe, path: weights.path, settings: settings)
        checkpoint = Checkpoint(
            info: CheckpointInfo(
                classNames: names.names,
                recipe: recipe, step: 0, epoch: 0, batchInEpoch: 0, batchesPerEpoch: 1, accumulation: 1, seed: 0,
                optimizer: "SGD", learningRate: 0, schedule: .constant),
            model: network.state)
        hasClassNames = names.source != nil
        notes =
            ["\(weights.path): taken as \(network.title), \(names.note)"] + network.notes
    }

    private static func settings(of data: NamedData?, for network: Network) throws -> [String] {
        let settings = try data?.settings(for: network.task, isPublished: true) ?? []
        // CIFAR's parts are files of fixed names in the root.
        return network.isOfCIFAR ? settings.filter { !$0.hasPrefix("data.val=") } : settings
    }
}

/// What `--model` says: a backbone, or torchvision's name of a detector.
private struct ModelName {
    let text: String
    /// The backbone's name in the catalogue, or a text with axes.
    let backbone: String
    /// Whether a Faster R-CNN is meant, and not a classifier.
    let isDetector: Bool

    init(_ text: String) throws {
        self.text = text
        let parts = text.split(separator: "_").map(String.init)
        isDetector = parts.first == "fasterrcnn" || parts.first == "maskrcnn" || parts.first == "keypointrcnn"
        guard isDetector else {
            backbone = text
            do {
                _ = try BackboneArchitecture(text: text)
            } catch {
                throw JobError("--model \(text)", "\(error)")
            }
            return
        }
        guard parts.count > 2, parts.last == "fpn" else {
            throw JobError(
                "--model \(text)",
                "is not a network of this toolkit, which has fasterrcnn_…_fpn, as in fasterrcnn_resnet50_fpn; leave --model out, "
                    + "and the file's tensors say what can be done with it")
        }
        backbone = parts[1..<parts.count - 1].joined(separator: "_")
        do {
            _ = try BackboneArchitecture(text: backbone)
        } catch {
            throw JobError("--model \(text)", "\(error)")
        }
    }
}

/// A network as a file's tensors describe it.
private struct Network {
    let task: VisionTask
    /// The network in a few words.
    let title: String
    let state: [(name: String, tensor: Tensor)]
    /// Classes, without the background.
    let outputs: Int
    /// The number of the first class: 1 where 0 is the background.
    let firstLabel: Int
    /// Lists that may name the classes if their number fits.
    let usualClasses: [ClassNameList]
    let recipe: String
    /// Whether it sees CIFAR's images, from their own files.
    let isOfCIFAR: Bool
    var notes: [String] = []

    init(_ weights: WeightsFile, model: ModelName?) throws {
        switch WeightsLayout(weights) {
        case .foreign(let network): throw JobError(weights.path, network.reason(path: weights.path))
        case .ssd:
            throw JobError(
                weights.path,
                "these are the weights of an SSD of this toolkit without its recipe; name the run's folder or its checkpoint, "
                    + "or give them to a recipe as model.weights")
        case .fasterRCNN(let file):
            guard model?.isDetector != false || model?.backbone == Self.bodyName(file) else {
                throw JobError(weights.path, "holds a Faster R-CNN, and --model \(model?.text ?? "") is a classifier")
            }
            try self.init(fasterRCNN: file, model: model)
        case .backbone(let file):
            guard model?.isDetector != true else {
                throw JobError(
                    weights.path,
                    "holds no detector: \(WeightsFile.listing(file.state.map(\.name), limit: 3)). As the backbone of one it can "
                        + "start a training: model.weights in a recipe")
            }
            try self.init(classifier: file, model: model)
        }
    }

    private static let body = "backbone.body."

    private static func bodyName(_ file: WeightsFile) -> String? {
        Catalogue.names(ofState: file.under(body).state.map { ($0.name, $0.tensor.shape) }).first
    }

    /// The shape of a tensor of the file.
    ///
    /// - Throws: `JobError` for one that is missing or has another number of axes.
    private static func shape(_ name: String, rank: Int, in file: WeightsFile) throws -> [Int] {
        guard let tensor = file.state.first(where: { $0.name == name })?.tensor, tensor.shape.count == rank else {
            throw JobError(
                file.path, "its \(name) is missing, or not of \(rank) axes: it holds only a part of a network")
        }
        return tensor.shape
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }

    private init(fasterRCNN file: WeightsFile, model: ModelName?) throws {
        let scores = try Self.shape("roi_heads.box_predictor.cls_score.weight", rank: 2, in: file)
        guard scores[0] > 1 else { throw JobError(file.path, "its head has no classes but the background") }
        let bodyState = file.under(Self.body).state
        let names = Catalogue.names(ofState: bodyState.map { ($0.name, $0.tensor.shape) })
        guard let backbone = model?.backbone ?? names.first else {
            throw JobError(
                file.path,
                "holds a Faster R-CNN on a backbone that isn't known by its tensors; name it, as in --model "
                    + "fasterrcnn_resnet50_fpn")
        }
        guard file.state.contains(where: { $0.name.hasPrefix("backbone.fpn.") }) else {
            throw JobError(
                file.path,
                "holds a Faster R-CNN without a pyramid, whose anchors and pooling its tensors don't tell; give it to a recipe "
                    + "as model.weights")
        }
        let channels = try Self.shape("backbone.fpn.layer_blocks.0.0.weight", rank: 4, in: file)[0]
        let hidden = try Self.shape("roi_heads.box_head.fc6.weight", rank: 2, in: file)
        let anchors = try Self.shape("rpn.head.cls_logits.weight", rank: 4, in: file)[0]
        let middle = try Self.shape("rpn.head.conv.0.0.weight", rank: 4, in: file)[0]
        guard anchors == 3 else {
            throw JobError(
                file.path,
                "has \(anchors) anchors at each place, and torchvision's 3 are known; give it to a recipe as model.weights, "
                    + "with its anchors in model.faster_rcnn")
        }
        let side = channels > 0 ? Int(Double(hidden[1] / channels).squareRoot()) : 0
        let isFrozen = !bodyState.contains { $0.name.hasSuffix(".num_batches_tracked") }
        var settings = [
            "pyramid_channels: \(channels)", "rpn_channels: \(middle)", "box_head_features: \(hidden[0])",
            "roi_resolution: \(max(1, side))",
        ]
        var norms = "norms with ε 1e-5"
        if isFrozen {
            let name = (file.path as NSString).lastPathComponent
            let isPublished = name.hasPrefix("fasterrcnn_resnet50_fpn_coco") || file.isBare && scores[0] == 91
            settings += ["normalization: frozen_batch", "frozen_batch_epsilon: \(isPublished ? "0" : "1.0e-5")"]
            norms = "frozen norms with ε \(isPublished ? "0, as torchvision's COCO weights want" : "1e-5")"
            notes.append(
                "  --set model.faster_rcnn.frozen_batch_epsilon=\(isPublished ? "1e-5" : "0") if it was trained with ε "
                    + (isPublished ? "1e-5" : "0, as those that began with torchvision's COCO weights"))
        }
        notes = file.notes + notes
        isOfCIFAR = false
        task = .detection
        title = "Faster R-CNN FPN on \(backbone), \(norms)"
        state = file.state
        outputs = scores[0] - 1
        firstLabel = 1
        usualClasses = [.coco, .voc]
        recipe = """
            task: detection
            model: {backbone: \(Self.quoted(backbone)), faster_rcnn: {\(settings.joined(separator: ", "))}}
            data: {format: coco, train: {annotations: unused, images: unused}}
            input: {scaled_by: network}
            """
    }

    private init(classifier file: WeightsFile, model: ModelName?) throws {
        let names = Catalogue.names(ofState: file.state.map { ($0.name, $0.tensor.shape) })
        guard let backbone = model?.backbone ?? names.first else {
            throw JobError(
                file.path,
                "its tensors are those of no network that `vertebra models` lists (they begin with "
                    + "\(WeightsFile.listing(file.state.map { "\($0.name) \($0.tensor.shape)" }, limit: 3))); name the network with "
                    + "--model, with its axes where they differ, as in --model iresnet50:shortcut=dense")
        }
        let architecture = try BackboneArchitecture(text: backbone)
        let classifier = architecture.classifierName + ".weight"
        guard let shape = file.state.first(where: { $0.name == classifier })?.tensor.shape, shape.count == 2,
            shape[0] > 0
        else {
            throw JobError(
                file.path,
                "holds no \(classifier), the classifier of \(backbone): it is a backbone alone, which can start a training as "
                    + "model.weights in a recipe")
        }
        let isVideo = architecture.rank == .video
        notes = file.notes
        isOfCIFAR = !isVideo && architecture.stem == .cifar
        task = .classification
        title = backbone
        state = file.state
        outputs = shape[0]
        firstLabel = 0
        usualClasses = isVideo ? [.kinetics400] : [.imagenet]
        let format = isVideo ? "kinetics" : isOfCIFAR ? "cifar" : "folder"
        recipe = """
            task: classification
            model: {backbone: \(Self.quoted(backbone))}
            data: {format: \(format)}
            """
        if model == nil, names.count > 1 {
            notes.append(
                "  \(WeightsFile.listing(Array(names.dropFirst()), limit: 6)) have the same tensors; --model chooses another"
            )
        }
    }
}
