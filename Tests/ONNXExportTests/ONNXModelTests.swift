import Foundation
import ONNXExport
import ONNXSchema
import Tensors
import XCTest

final class ONNXModelTests: XCTestCase {
    private let statistics = ChannelStatistics(mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.3, 0.4])

    private func model(
        _ input: PixelInput = .uint8, _ precision: ONNXModel.Precision = .float32,
        parameters: [(name: String, tensor: Tensor)] = [], network: (Tensor) -> Tensor
    ) throws -> ONNXModel {
        try ONNXModel.classifier(
            shape: [3, 4, 6], statistics: statistics, input: input, precision: precision, parameters: parameters,
            network: network)
    }

    /// Writes a model and reads its file back by the schema.
    private func written(_ model: ONNXModel, externalData: Bool = false) throws -> (Onnx_ModelProto, folder: String) {
        let folder = NSTemporaryDirectory() + "onnx-model-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        addTeardownBlock { try FileManager.default.removeItem(atPath: folder) }
        try model.write(
            to: "\(folder)/m.onnx", metadata: [("task", "a test")], version: "1.2.3", externalData: externalData)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/m.onnx"))
        return (try Onnx_ModelProto(serializedBytes: data), folder)
    }

    func testGraphNamesWhatItTakesAndGives() throws {
        let weight = Tensor.randn([5, 3, 1, 1])
        let model = try model(parameters: [("conv.weight", weight)]) {
            F.conv2d($0, weight: weight).relu().mean([2, 3])
        }
        func ports(_ ports: [ONNXModel.Port]) -> [[String]] { ports.map { [$0.name, $0.type] + $0.axes } }
        XCTAssertEqual(ports(model.inputs), [["pixels", "uint8", "N", "4", "6", "3"]])
        XCTAssertEqual(ports(model.outputs), [["logits", "float32", "N", "5"]])
        let (proto, _) = try written(model)
        XCTAssertEqual(proto.irVersion, 8)
        XCTAssertEqual(proto.opsetImport.map(\.version), [18])
        XCTAssertEqual(proto.producerName, "vertebra")
        XCTAssertEqual(proto.producerVersion, "1.2.3")
        XCTAssertEqual(proto.metadataProps.map { "\($0.key)=\($0.value)" }, ["task=a test"])
        XCTAssertEqual(
            proto.graph.node.map(\.opType),
            ["Transpose", "Cast", "Add", "Mul", "Conv", "Relu", "ReduceMean", "Identity"])
        // Each node takes what stands before it.
        var known = Set(proto.graph.input.map(\.name) + proto.graph.initializer.map(\.name))
        for node in proto.graph.node {
            XCTAssertTrue(known.isSuperset(of: node.input.filter { !$0.isEmpty }), "\(node.name): \(node.input)")
            XCTAssertTrue(known.isDisjoint(with: node.output), node.name)
            known.formUnion(node.output)
        }
        let constant = try XCTUnwrap(proto.graph.initializer.first { $0.name == "conv.weight" })
        XCTAssertEqual(constant.dims, [5, 3, 1, 1])
        XCTAssertEqual(
            constant.rawData.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }, weight.array(Float.self))
    }

    func testFloatPixelsAndHalfPrecision() throws {
        let weight = Tensor.randn([5, 3, 1, 1])
        let network: (Tensor) -> Tensor = { F.conv2d($0, weight: weight).mean([2, 3]) }
        let (proto, _) = try written(try model(.float, .float16, parameters: [("w", weight)], network: network))
        XCTAssertEqual(proto.graph.input[0].type.tensorType.elemType, 1)
        XCTAssertEqual(proto.graph.output[0].type.tensorType.elemType, 1)
        XCTAssertEqual(proto.graph.initializer.first { $0.name == "w" }?.dataType, 10)
        XCTAssertEqual(
            proto.graph.node.map(\.opType), ["Add", "Mul", "Cast", "Conv", "ReduceMean", "Cast", "Identity"])
    }

    func testExternalDataHoldsEveryConstant() throws {
        let weight = Tensor.randn([100, 3, 1, 1])
        let model = try model(parameters: [("w", weight)]) { F.conv2d($0, weight: weight).mean([2, 3]) }
        let (proto, folder) = try written(model, externalData: true)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/m.onnx.data"))
        let beside = proto.graph.initializer.filter { $0.dataLocation == .external }
        XCTAssertEqual(beside.map(\.name), ["w"])
        for constant in proto.graph.initializer {
            // Shapes stay where everybody reads them.
            guard constant.dataLocation == .external else {
                XCTAssertFalse(constant.rawData.isEmpty, constant.name)
                continue
            }
            let entries = Dictionary(uniqueKeysWithValues: constant.externalData.map { ($0.key, $0.value) })
            XCTAssertEqual(entries["location"], "m.onnx.data")
            let offset = try XCTUnwrap(entries["offset"].flatMap { Int($0) })
            let length = try XCTUnwrap(entries["length"].flatMap { Int($0) })
            XCTAssertEqual(offset % 64, 0)
            XCTAssertEqual(
                data[offset..<offset + length].withUnsafeBytes { Array($0.bindMemory(to: Float.self)) },
                weight.array(Float.self))
        }
    }

    func testBatchesOfAnySizeAreReshaped() throws {
        let (proto, _) = try written(try model { $0.reshape([$0.shape[0], 3, 24]).mean([2]) })
        let reshape = try XCTUnwrap(proto.graph.node.first { $0.opType == "Reshape" })
        let shape = try XCTUnwrap(proto.graph.initializer.first { $0.name == reshape.input[1] })
        XCTAssertEqual(shape.rawData.withUnsafeBytes { Array($0.bindMemory(to: Int64.self)) }, [-1, 3, 24])
    }

    func testWhatStandsInTheWayIsNamed() throws {
        func reason(_ network: (Tensor) -> Tensor) -> String {
            do {
                _ = try model(network: network)
                return "nothing"
            } catch { return "\(error)" }
        }
        XCTAssertEqual(
            reason { $0.mean([2, 3]).cumsum(dim: 1) },
            "aten::cumsum: ONNX has no operator that this package knows to be equal, so the network can't be exported")
        XCTAssertTrue(
            reason { F.dropout($0.mean([2, 3]), 0.5, training: true) }.hasPrefix("aten::dropout: dropout in training"))
        XCTAssertTrue(
            reason { x in
                let y = x.mean([2, 3])
                let view = y.narrow(dim: 1, start: 0, length: 1)
                y.addInPlace(Tensor.ones([1, 3]))
                return view
            }.contains("changed with another one whose memory it shares"))
        let varied = reason { $0.mean([2, 3]) * Double($0.shape[0]) }
        XCTAssertTrue(varied.contains("for each size of the input") || varied.contains("on the input's size"), varied)
    }

    func testNothingIsLeftWhereAModelCantBeWritten() throws {
        let model = try model { $0.mean([2, 3]) }
        XCTAssertThrowsError(try model.write(to: "/nowhere/m.onnx", metadata: [], version: "1"))
    }
}
