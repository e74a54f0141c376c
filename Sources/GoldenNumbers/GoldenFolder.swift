import Foundation

/// A folder of golden numbers, laid out as `Tests/Golden`, whose README says how each file was made.
package struct GoldenFolder: Sendable {
    package let url: URL

    package init(_ url: URL) { self.url = url }

    /// A JSON file of it, such as `backbones/resnet50.json`, decoded.
    ///
    /// - Throws: ``GoldenFileError``, which names the file.
    package func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(contentsOf: url.appendingPathComponent(name)))
        } catch { throw GoldenFileError(path: path(name), reason: "\(error)") }
    }

    /// The names of its networks, sorted.
    ///
    /// - Throws: ``GoldenFileError`` where there are none.
    package func backboneNames() throws -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path("backbones"))) ?? []
        let names = files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        guard !names.isEmpty else {
            throw GoldenFileError(path: path("backbones"), reason: "there are no golden numbers of networks")
        }
        return names
    }

    /// A network of it.
    package func backbone(named name: String) throws -> GoldenBackbone {
        try decode(GoldenBackbone.self, from: "backbones/\(name).json")
    }

    /// A detector of it; `torchvision` holds the one beside the answers to single operations.
    package func detector(named name: String) throws -> GoldenDetector {
        struct Operations: Decodable {
            let detector: GoldenDetector

            private enum CodingKeys: String, CodingKey {
                case detector = "fasterrcnn_resnet50_fpn"
            }
        }
        let file = "detection/\(name).json"
        return name == "torchvision"
            ? try decode(Operations.self, from: file).detector
            : try decode(GoldenDetector.self, from: file)
    }

    private func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

/// A file of golden numbers that can't be read.
package struct GoldenFileError: Error, CustomStringConvertible {
    package let path: String
    package let reason: String
    package var description: String { "\(path): \(reason)" }
}
