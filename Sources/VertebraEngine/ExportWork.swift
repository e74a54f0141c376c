import ArgumentParser
import Commands
import Foundation
import ONNXExport
import ScoreCommands
import Support
import Workflows

extension ExportCommand: EngineWork {
    package func workInEngine() throws {
        for file in [output] + [sample].compactMap(\.self) {
            guard replace || !FileManager.default.fileExists(atPath: file) else {
                throw JobError(file, "the file exists already; choose another name, or replace it with --replace")
            }
            try WholeFile.requireWritable(file)
        }
        let options = ModelExport.Options(
            input: PixelInput(rawValue: input.rawValue) ?? .uint8,
            precision: ONNXModel.Precision(rawValue: precision.rawValue) ?? .float32)
        let export =
            fresh
            ? try ModelExport(fresh: source, shape: sizes.map { [3] + $0 }, options)
            : try ModelExport(weights.open(source, settings: set.settings), options)
        for note in export.notes { printToStandardError(note) }
        let files = try export.write(to: output, externalData: externalData)
        if let sample { try export.writeSample(to: sample) }
        func ports(_ ports: [ONNXModel.Port]) -> String {
            ports.map { "\($0.name) \($0.type) [\($0.axes.joined(separator: ", "))]" }.joined(separator: ", ")
        }
        printToStandardOutput(
            """
            \(files.joined(separator: ", ")): ONNX opset \(ONNXModel.opset), \(export.model.nodeCount) nodes
            in:  \(ports(export.model.inputs))
            out: \(ports(export.model.outputs))
            """)
    }
}
