import Foundation
// Tests read golden numbers by way of this module alone.
@_exported import GoldenNumbers

/// The numbers in `Tests/Golden` that other people's code gave; its README says how each file was made.
public enum Golden {
    /// `Tests/Golden`, wherever this checkout is.
    public static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")

    /// A file or folder of it, such as `backbones/resnet50.json`.
    public static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }
}

extension GoldenBackbone {
    /// Every file of `Tests/Golden/backbones`, in the order of their names.
    package static func all() throws -> [GoldenBackbone] {
        try GoldenFolder(Golden.folder).backboneNames().map(named)
    }

    /// One of them.
    package static func named(_ name: String) throws -> GoldenBackbone {
        try GoldenFolder(Golden.folder).backbone(named: name)
    }
}
