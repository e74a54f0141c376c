import Architectures

/// The key `model.backbone`: a name, a text such as `iresnet50:shortcut=dense`, or a section with a `base` and axes.
///
/// All three come to one text, so that whoever reads it needs to know of one.
struct BackboneSection: Decodable {
    /// As `BackboneArchitecture(text:)` reads it.
    let text: String

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.text = text
            return
        }
        let values = try decoder.container(keyedBy: Key.self)
        let base = Key("base")
        // Without a base, the axes that are left out are those of ResNet-50.
        let name = values.contains(base) ? try values.decode(String.self, forKey: base) : "resnet50"
        let settings = try values.allKeys.filter { $0.stringValue != base.stringValue }.map { key in
            let axis = try Self.explaining(key, in: values) { try ArchitectureAxis(named: key.stringValue) }
            let value = try Self.value(key, in: values)
            try Self.explaining(key, in: values) { try Self.check(axis, value) }
            return "\(axis.name)=\(value)"
        }
        text = settings.isEmpty ? name : name + (name.contains(":") ? "," : ":") + settings.joined(separator: ",")
    }

    /// `[3, 4, 6, 3]` is `3/4/6/3`.
    private static func value(_ key: Key, in values: KeyedDecodingContainer<Key>) throws -> String {
        if let parts = try? values.decode([String].self, forKey: key) { return parts.joined(separator: "/") }
        return try values.decode(String.self, forKey: key)
    }

    /// Throws where the axis has no such value, whatever the other axes say.
    private static func check(_ axis: ArchitectureAxis, _ value: String) throws {
        do {
            _ = try BackboneArchitecture().with([(axis, value)])
        } catch is ArchitectureError {
            // Together with the base's axes it may well have a meaning.
        }
    }

    private static func explaining<Value>(
        _ key: Key, in values: KeyedDecodingContainer<Key>, _ body: () throws -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch let error as ArchitectureTextError {
            throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "can't be read: \(error)")
        }
    }
}
