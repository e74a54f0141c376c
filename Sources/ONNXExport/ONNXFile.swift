import Foundation
import ONNXSchema
import Support
import Tensors

extension ONNXModel {
    /// The most bytes of a model whose constants stand in the file itself: protocol buffers end at 2 GiB.
    static let mostBytesWithin = 1 << 31 - 1 << 20

    /// Writes the model, the whole file or none. Constants of 2 GiB and more go into a file of their own beside it, whose name
    /// ends in `.data`.
    ///
    /// - Parameters:
    ///   - path: the model's file.
    ///   - metadata: free text for whoever uses the model, by key.
    ///   - version: the version of the program that makes it.
    ///   - externalData: whether constants go into a file of their own in any case.
    /// - Returns: the files that were written.
    /// - Throws: `WholeFileError`, for a full disk among others.
    @discardableResult
    public func write(
        to path: String, metadata: [(key: String, value: String)], version: String, externalData: Bool = false
    ) throws -> [String] {
        var model = Onnx_ModelProto()
        model.irVersion = Int64(Self.formatVersion)
        model.producerName = "vertebra"
        model.producerVersion = version
        var opset = Onnx_OperatorSetIdProto()
        opset.domain = ""
        opset.version = Int64(Self.opset)
        model.opsetImport = [opset]
        model.metadataProps = metadata.map { key, value in
            var entry = Onnx_StringStringEntryProto()
            (entry.key, entry.value) = (key, value)
            return entry
        }
        model.graph = graph
        var files = [path]
        if externalData || constantBytes >= Self.mostBytesWithin {
            let name = URL(fileURLWithPath: path).lastPathComponent + ".data"
            let place = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(name).path
            model.graph.initializer = try writeConstants(to: place, named: name)
            files.append(place)
        } else {
            model.graph.initializer = constants.map(Self.whole)
        }
        let file = try WholeFile(path: path)
        try model.serializedData().withUnsafeBytes { try file.write($0) }
        try file.commit()
        return files
    }

    /// From how many bytes on a constant goes into a file of its own. Shapes and axes are smaller, and those who look at a model
    /// without its weights need them.
    private static let leastBytesBeside = 1024

    /// Writes the elements of all large constants one behind the other, and says where each stands.
    private func writeConstants(to path: String, named name: String) throws -> [Onnx_TensorProto] {
        let file = try WholeFile(path: path)
        // Readers map the file into memory, and want each constant at the beginning of a line of the cache.
        let alignment = 64
        var offset = 0
        let protos = try constants.map { constant in
            guard constant.tensor.count * constant.tensor.dtype.size >= Self.leastBytesBeside else {
                return Self.whole(constant)
            }
            let gap = (alignment - offset % alignment) % alignment
            try file.write([UInt8](repeating: 0, count: gap))
            offset += gap
            let bytes = Self.bytes(constant.tensor)
            try bytes.withUnsafeBytes { try file.write($0) }
            defer { offset += bytes.count }
            var proto = Self.proto(constant.name, constant.tensor)
            proto.dataLocation = .external
            proto.externalData = [("location", name), ("offset", String(offset)), ("length", String(bytes.count))].map {
                var entry = Onnx_StringStringEntryProto()
                (entry.key, entry.value) = $0
                return entry
            }
            return proto
        }
        try file.commit()
        return protos
    }

    /// A constant with its elements.
    private static func whole(_ constant: (name: String, tensor: Tensor)) -> Onnx_TensorProto {
        var proto = proto(constant.name, constant.tensor)
        proto.rawData = bytes(constant.tensor)
        return proto
    }

    private static func proto(_ name: String, _ tensor: Tensor) -> Onnx_TensorProto {
        var proto = Onnx_TensorProto()
        proto.name = name
        proto.dims = tensor.shape.map(Int64.init)
        proto.dataType = Int32(ElementType(tensor.dtype)?.code.rawValue ?? 0)
        return proto
    }

    /// The elements row-major, as they lie in little-endian memory.
    private static func bytes(_ tensor: Tensor) -> Data {
        let plain = tensor.detached().to(.cpu).contiguous()
        return plain.withUnsafeMutableElements { Data(bytes: $0, count: plain.count * plain.dtype.size) }
    }
}
