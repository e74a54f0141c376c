import Foundation
import ONNXSchema
import Support
import Tensors

/// A network as a model in the Open Neural Network Exchange format (opset 18), recorded from what the network computes.
public struct ONNXModel {
    /// The version of ONNX's operators that a model is made of.
    public static let opset = 18
    /// The version of the file format that goes with it.
    static let formatVersion = 8

    /// The types that a model's convolutions compute in.
    public enum Precision: String, CaseIterable, Sendable, Hashable, Codable {
        /// IEEE 754's type of 32 or 16 bits.
        case float32, float16

        var type: ElementType { self == .float32 ? .float32 : .float16 }
    }

    /// An input or output: its name, and its axes, with names for those that vary.
    public struct Port: Hashable, Sendable {
        /// The value's name.
        public let name: String
        /// The type of its elements, as ONNX calls it.
        public let type: String
        /// Sizes of its axes, or names of those that vary.
        public let axes: [String]
    }

    /// What the model takes.
    public let inputs: [Port]
    /// What it gives.
    public let outputs: [Port]
    /// How many nodes its graph has.
    public var nodeCount: Int { graph.node.count }
    /// Bytes of its constants.
    public var constantBytes: Int { constants.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.size } }

    let graph: Onnx_GraphProto
    let constants: [(name: String, tensor: Tensor)]

    private init(_ builder: GraphBuilder, inputs: [(GraphValue, [String])], outputs: [(GraphValue, [String])]) {
        var graph = Onnx_GraphProto()
        graph.name = "vertebra"
        graph.node = builder.nodes
        graph.input = inputs.map(Self.info)
        graph.output = outputs.map(Self.info)
        self.graph = graph
        constants = builder.constants
        func ports(_ values: [(GraphValue, [String])]) -> [Port] {
            values.map { Port(name: $0.0.name, type: "\($0.0.type)", axes: $0.1) }
        }
        self.inputs = ports(inputs)
        self.outputs = ports(outputs)
    }

    private static func info(_ value: GraphValue, _ axes: [String]) -> Onnx_ValueInfoProto {
        var info = Onnx_ValueInfoProto()
        info.name = value.name
        info.type.tensorType.elemType = Int32(value.type.code.rawValue)
        info.type.tensorType.shape.dim = axes.map { axis in
            var dimension = Onnx_TensorShapeProto.Dimension()
            if let size = Int64(axis) { dimension.dimValue = size } else { dimension.dimParam = axis }
            return dimension
        }
        return info
    }

    /// A classifier of images or clips: pixels → `logits` `[N, classes]`, float32.
    ///
    /// - Parameters:
    ///   - shape: `[3, H, W]`, or `[3, T, H, W]` of clips.
    ///   - statistics: by which the model normalises its pixels.
    ///   - input: how it takes them.
    ///   - precision: what it computes in.
    ///   - parameters: the network's weights with their names.
    ///   - network: normalised float32 pixels `[N]` + shape → logits. It must be in evaluation, on the CPU, in float32.
    /// - Throws: ``ONNXExportError``
    public static func classifier(
        shape: [Int], statistics: ChannelStatistics, input: PixelInput = .uint8, precision: Precision = .float32,
        parameters: [(name: String, tensor: Tensor)], network: (Tensor) -> Tensor
    ) throws -> ONNXModel {
        func recording(_ count: Int) throws -> OperationRecording {
            let x = Tensor.zeros([count] + shape)
            return try OperationRecording(inputs: [x]) { [network(x)] }
        }
        // Not of one image: its layout in memory is ambiguous, and networks fold norms into convolutions by the layout.
        let names = WeightNames(parameters, made: try recording(2))
        let trace = try Trace([recording(2), recording(3)])
        let translator = Translator(trace, names: names, computation: precision.type, input: input)
        let isOfClips = shape.count == 4
        let pixels = GraphValue(name: translator.graph.unique(PixelInput.valueName), type: input.type)
        translator.setInput(
            trace.inputs[0],
            to: translator.graph.normalized(
                translator.graph.planes(pixels, input, isOfClips: isOfClips), input, by: statistics,
                isOfClips: isOfClips))
        try translator.run()
        let logits = translator.graph.name(try translator.value(trace.outputs[0], .float32), "logits")
        let sizes = shape.map(String.init)
        return ONNXModel(
            translator.graph,
            inputs: [(pixels, ["N"] + (input == .uint8 ? Array(sizes.dropFirst()) + ["3"] : sizes))],
            outputs: [(logits, ["N", String(trace.tensor(trace.outputs[0]).shape[1])])])
    }

    /// The outputs of a detector.
    public enum DetectorOutputs: Sendable {
        /// What one image holds: `boxes` `[n, 4]`, `scores` `[n]`, `labels` `[n]`.
        case ofImage
        /// What each image of a batch holds: `boxes` `[N, limit, 4]`, `scores` `[N, limit]`, `labels` `[N, limit]`, `counts` `[N]`; zeros behind the last
        /// detection of each image.
        case ofBatch(limit: Int)
    }

    /// A detector: pixels → boxes (XYXY in pixels of the image that is given), scores and labels (from 1), best first.
    ///
    /// - Parameters:
    ///   - outputs: whether it takes one image or a batch.
    ///   - input: how it takes pixels.
    ///   - precision: what its convolutions compute in; boxes are decided on in float32.
    ///   - loading: how the model scales images before the network, smoothly and in whole levels of 255, as a loader of files does:
    ///     `.shortestEdge` or `.fixed`; nil where the network takes images of any size.
    ///   - parameters: the network's weights with their names.
    ///   - detect: finds the objects in float32 images `[3, H, W]` in 0…1, of one size. It must be in evaluation, on the CPU, in
    ///     float32.
    /// - Throws: ``ONNXExportError``
    public static func detector(
        _ outputs: DetectorOutputs, input: PixelInput = .uint8, precision: Precision = .float32,
        loading: ResizeRule? = nil, parameters: [(name: String, tensor: Tensor)], detect: ([Tensor]) -> Void
    ) throws -> ONNXModel {
        // Images that differ in both extents, also where one side is scaled to a fixed length; batches that differ in number.
        func recording(_ number: Int) throws -> OperationRecording {
            let (height, width) = number == 0 ? (320, 448) : (512, 384)
            let count = if case .ofBatch = outputs { number + 1 } else { 1 }
            let images = (0..<count).map { _ in Tensor.full([3, height, width], 0.5) }
            return try OperationRecording(inputs: [images[0]]) {
                detect(images)
                return []
            }
        }
        let names = WeightNames(parameters, made: try recording(0))
        let trace = try Trace([recording(0), recording(1)])
        let translator = Translator(
            trace, names: names, computation: precision.type, input: input, loading: loading)
        let graph = translator.graph
        let pixels = GraphValue(name: graph.unique(PixelInput.valueName), type: input.type)
        translator.setInput(trace.inputs[0], to: pixels)
        try translator.run()
        guard !translator.detections.isEmpty else {
            throw ONNXExportError(operation: "detect", reason: "the network was not seen to find anything")
        }
        let images: String
        let axes: [[String]]
        switch outputs {
        case .ofImage:
            images = "1"
            axes = [["n", "4"], ["n"], ["n"]]
        case .ofBatch(let limit):
            images = "N"
            axes = [["N", "\(limit)", "4"], ["N", "\(limit)"], ["N", "\(limit)"], ["N"]]
        }
        let found = zip(translator.detections, ["boxes", "scores", "labels", "counts"]).map { graph.name($0, $1) }
        return ONNXModel(
            graph, inputs: [(pixels, input == .uint8 ? [images, "H", "W", "3"] : [images, "3", "H", "W"])],
            outputs: Array(zip(found, axes)))
    }
}
