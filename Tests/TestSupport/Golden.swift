import Foundation

/// The numbers in `Tests/Golden` that other people's code gave; its README says how each file was made.
public enum Golden {
    /// `Tests/Golden`, wherever this checkout is.
    public static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")

    /// A file or folder of it, such as `backbones/resnet50.json`.
    public static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    /// A JSON file of it, decoded; an error that decoding throws is preceded by the file's name.
    public static func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(contentsOf: url(name)))
        } catch { throw Unreadable(name: name, reason: error) }
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let name: String
        let reason: any Error
        var description: String { "Tests/Golden/\(name): \(reason)" }
    }
}
