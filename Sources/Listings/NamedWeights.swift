/// A named model and a file with its weights, which a user writes as `resnet50=weights.pth`.
public struct NamedWeights: Hashable, Sendable, LosslessStringConvertible {
    /// A name that `vertebra models` lists, or a text such as `iresnet50:shortcut=dense`.
    public let model: String
    /// The file of weights: `.safetensors`, `.pth`, `.pt` or `.bin`.
    public let path: String

    /// Reads `NAME=FILE`; nil for any other text.
    public init?(_ text: String) {
        // An architecture's axes contain equals signs too: after a colon, the last one in the text separates.
        let name = text.prefix { $0 != "=" }
        let equals = name.contains(":") ? text.lastIndex(of: "=") : text.firstIndex(of: "=")
        guard let equals else { return nil }
        model = String(text[..<equals])
        path = String(text[text.index(after: equals)...])
        if model.isEmpty || path.isEmpty { return nil }
    }

    /// The text `NAME=FILE`.
    public var description: String { "\(model)=\(path)" }
}
