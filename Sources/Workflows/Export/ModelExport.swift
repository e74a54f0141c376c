import Architectures
import Backbones
import Detectors
import Foundation
import Media
import NN
import ONNXExport
import Support
import Tensors

/// A trained network made into an ONNX model, with what somebody needs to know who runs it.
public struct ModelExport {
    /// The model.
    public let model: ONNXModel
    /// Free text that goes into the model's file, by key: classes, normalisation, sizes and thresholds.
    public let metadata: [(key: String, value: String)]
    /// Lines that tell a person what the model lacks that the network has here.
    public let notes: [String]
    private let sample: () -> [(name: String, tensor: Tensor)]

    /// How a model is made.
    public struct Options: Sendable {
        /// How the model takes its pixels.
        public var input = PixelInput.uint8
        /// What it computes in.
        public var precision = ONNXModel.Precision.float32

        /// Pixels as bytes, and float32, unless told otherwise.
        public init(input: PixelInput = .uint8, precision: ONNXModel.Precision = .float32) {
            self.input = input
            self.precision = precision
        }
    }

    /// The model of a network that a training saved, or that others trained.
    ///
    /// - Throws: `ONNXExportError` naming the operation that ONNX lacks; `RecipeFileError`, `CheckpointError`.
    public init(_ saved: SavedModel, _ options: Options = Options()) throws {
        switch saved.task {
        case .classification: try self.init(ClassifierModel(saved), options)
        case .detection: try self.init(DetectorModel(saved), options)
        }
    }

    /// The model of a classifier with fresh weights, and norms with the statistics of random pixels, to try a runtime with: 224×224
    /// pixels, 1000 classes, clips of 16 frames of 112×112 and 400 classes, or what the architecture says.
    ///
    /// - Parameters:
    ///   - text: a name that `vertebra models` lists, with changes to its axes or without.
    ///   - shape: `[3, H, W]`, or `[3, T, H, W]`; nil for the usual one.
    ///   - options: how the model is made.
    /// - Throws: `ArchitectureError`; `ONNXExportError`.
    public init(fresh text: String, shape: [Int]? = nil, _ options: Options = Options()) throws {
        let architecture = try BackboneArchitecture(text: text)
        let usual = architecture.rank == .video ? [3, 16, 112, 112] : [3, 224, 224]
        let shape = shape ?? usual
        let network = try Random.seeded(0) {
            let network = try Backbone(architecture)
            Self.draw(network, statisticsOf: Tensor.randn([4] + shape))
            return network
        }
        let classes = architecture.classes ?? 0
        try self.init(
            network, shape: shape, classNames: (0..<classes).map(String.init),
            statistics: ChannelStatistics(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225]), title: text,
            options, extra: [("weights", "fresh")])
    }

    /// Draws biases, gives batch norms the statistics of one batch, and leaves the network in evaluation. A deep network as it stands
    /// before a training is chaotic: without statistics activations grow past what float16 holds, and without biases each block
    /// makes rounding larger.
    private static func draw(_ network: Backbone, statisticsOf batch: Tensor) {
        withoutGrad {
            for (name, parameter) in network.namedParameters() where name.hasSuffix("bias") {
                parameter.tensor.copyInPlace(from: Tensor.randn(parameter.tensor.shape))
            }
        }
        let norms = network.namedModules().compactMap { $0.module as? BatchNorm }
        let momentum = norms.map(\.momentum)
        // Without a momentum, running statistics are the mean of all batches: of this one.
        for norm in norms { norm.momentum = nil }
        network.train()
        withoutGrad { _ = network(batch) }
        network.eval()
        for (norm, momentum) in zip(norms, momentum) { norm.momentum = momentum }
    }

    private init(_ model: ClassifierModel, _ options: Options) throws {
        let input = model.recipe.input
        let shape = [3] + (model.takesClips ? [input.frames] : []) + [input.side, input.side]
        var extra: [(key: String, value: String)] = []
        if model.takesClips { extra.append(("frame_step", "\(input.stride)")) }
        extra.append(("shorter_side", "\(input.shorterSide)"))
        try self.init(
            model.network, shape: shape, classNames: model.classNames,
            statistics: ChannelStatistics(mean: input.mean, deviation: input.deviation),
            title: model.recipe.model.backbone, options, extra: extra)
    }

    private init(
        _ network: Backbone, shape: [Int], classNames: [String], statistics: ChannelStatistics, title: String,
        _ options: Options, extra: [(key: String, value: String)]
    ) throws {
        model = try ONNXModel.classifier(
            shape: shape, statistics: statistics, input: options.input, precision: options.precision,
            parameters: Self.parameters(network)
        ) { network($0) }
        let isOfClips = shape.count == 4
        metadata =
            Self.common(
                task: isOfClips ? "video-classification" : "image-classification", title: title, options: options,
                isOfClips: isOfClips, statistics: statistics)
            + [("names", Self.names(classNames, from: 0)), ("size", Self.json(Array(shape.dropFirst())))] + extra
        notes = []
        sample = {
            let pixels = Self.pixels([2] + shape, options.input)
            let planes = Self.planes(pixels, options.input).clone()
            PixelNormalization(mean: statistics.mean, deviation: statistics.deviation)
                .normalizeInPlace(planes, isByte: options.input == .uint8)
            return [("pixels", pixels), ("logits", withoutGrad { network(planes) })]
        }
    }

    private init(_ model: DetectorModel, _ options: Options) throws {
        let detector = model.detector
        let scaling = model.recipe.input
        let suppression = detector.suppression
        let outputs: ONNXModel.DetectorOutputs =
            if let ssd = detector as? SSD {
                .ofBatch(limit: min(suppression.limit, ssd.classCount * ssd.configuration.candidatesPerClass))
            } else {
                .ofImage
            }
        self.model = try ONNXModel.detector(
            outputs, input: options.input, precision: options.precision, loading: scaling.evaluationRule,
            parameters: Self.parameters(detector)
        ) { _ = detector.detect(images: $0) }
        let (mean, deviation) =
            (detector as? SSD).map { ($0.configuration.imageMean, $0.configuration.imageStd) }
            ?? ((detector as? FasterRCNN).map { ($0.configuration.imageMean, $0.configuration.imageStd) } ?? ([], []))
        var extra: [(key: String, value: String)] = [
            ("names", Self.names(model.classNames, from: 1)), ("boxes", "XYXY pixels of the image that is given"),
            ("score_threshold", "\(suppression.scoreThreshold)"), ("iou_threshold", "\(suppression.iouThreshold)"),
            ("limit", "\(suppression.limit)"),
            (
                "scaling",
                "in the model: bilinear, "
                    + (scaling.evaluationRule == nil ? "not smoothed" : "smoothed where it shrinks")
            ),
        ]
        var notes: [String] = []
        if case .fixed(let size) = scaling.evaluationRule {
            extra.append(("size", Self.json([size.height, size.width])))
        }
        if detector is FasterRCNN {
            extra.append(("shorter_side", "\(scaling.evaluationShorterSide)"))
            extra.append(("longer_side", "\(scaling.longerSide)"))
        }
        metadata =
            Self.common(
                task: "object-detection", title: "\(detector.title), \(model.recipe.model.backbone)", options: options,
                isOfClips: false, statistics: ChannelStatistics(mean: mean, deviation: deviation)) + extra
        if model.recipe.inference.flip {
            notes.append("inference.flip: the model looks at an image once, not at its mirror image too")
        }
        self.notes = notes
        sample = {
            let pixels = Self.pixels([1, 3, 480, 640], .uint8)
            let given = ByteImage(width: 640, height: 480, pixels: pixels.array(UInt8.self))
            let size = scaling.evaluationSize(of: given.size)
            let image = given.resized(width: size.width, height: size.height)
            let found = detector.detect(images: [Tensor(image)])[0].scaled(from: size, to: given.size)
            let planes = options.input == .uint8 ? pixels : Self.planes(pixels, .uint8) / 255
            return [
                ("pixels", planes), ("boxes", found.boxes), ("scores", found.scores), ("labels", found.labels),
            ]
        }
    }

    /// Writes the model's file, the whole of it or nothing.
    ///
    /// - Parameters:
    ///   - path: its name, which ends in `.onnx`.
    ///   - externalData: whether weights go into a file of their own, as those of 2 GiB and more do in any case.
    /// - Returns: the files that were written.
    /// - Throws: `WholeFileError`.
    @discardableResult
    public func write(to path: String, externalData: Bool = false) throws -> [String] {
        try model.write(to: path, metadata: metadata, version: Release.version, externalData: externalData)
    }

    /// Writes random pixels, and what the network gives on them here, as safetensors under the names of the model's inputs and
    /// outputs, so that others can tell whether their runtime gives the same.
    ///
    /// - Throws: `WeightsFileError`.
    public func writeSample(to path: String) throws {
        try Safetensors.write(sample().map { ($0.name, $0.tensor.contiguous()) }, to: path)
    }

    private static func parameters(_ module: Module) -> [(name: String, tensor: Tensor)] {
        module.stateDict().map { ($0.name, $0.tensor) }
    }

    private static func common(
        task: String, title: String, options: Options, isOfClips: Bool, statistics: ChannelStatistics
    ) -> [(key: String, value: String)] {
        [
            ("task", task), ("model", title), ("precision", options.precision.rawValue),
            (
                "input",
                "RGB, \(options.input == .uint8 ? "0 to 255" : "0 to 1"), \(options.input.layout(isOfClips: isOfClips))"
            ),
            ("normalization", "in the model: (pixel / \(options.input == .uint8 ? 255 : 1) - mean) / std"),
            ("mean", json(statistics.mean)), ("std", json(statistics.deviation)),
        ]
    }

    /// Class names by label as the text of a JSON object.
    private static func names(_ names: [String], from first: Int) -> String {
        json(Dictionary(uniqueKeysWithValues: names.enumerated().map { (String($0 + first), $1) }))
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Random pixels as a model takes them, of `[N, 3, …]` planes.
    private static func pixels(_ shape: [Int], _ input: PixelInput) -> Tensor {
        Random.seeded(1) {
            guard input == .uint8 else { return Tensor.rand(shape) }
            let rank = shape.count
            return Tensor.randint(0, 256, shape).to(.uint8).permute([0] + Array(2..<rank) + [1]).contiguous()
        }
    }

    /// Pixels as float32 planes.
    private static func planes(_ pixels: Tensor, _ input: PixelInput) -> Tensor {
        guard input == .uint8 else { return pixels }
        let rank = pixels.rank
        return pixels.permute([0, rank - 1] + Array(1..<rank - 1)).to(.float32)
    }
}
