import Architectures

/// The key `model.backbone`: a name, a text such as `iresnet50:shortcut=dense`, or a section with a `base` and axes.
///
/// All three are turned into one text, the only form that other code has to read.
struct BackboneSection: Decodable {
    /// The architecture as `BackboneArchitecture(text:)` reads it.
    let text: String

    private typealias Key = RecipeKey

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.text = text
            return
        }
        let values = try decoder.container(keyedBy: Key.self)
        let base = Key("base")
        // Without a base, the axes that are left out have ResNet-50's values.
        let name = values.contains(base) ? try values.decode(String.self, forKey: base) : "resnet50"
        let settings = try values.allKeys.filter { $0.stringValue != base.stringValue }.map { key in
            let axis = try Self.explaining(key, in: values) { try ArchitectureAxis(named: key.stringValue) }
            let value = try Self.value(key, in: values)
            try Self.explaining(key, in: values) { try Self.check(axis, value) }
            return "\(axis.name)=\(value)"
        }
        text = settings.isEmpty ? name : name + (name.contains(":") ? "," : ":") + settings.joined(separator: ",")
    }

    /// The value of an axis as text; a list `[3, 4, 6, 3]` becomes `3/4/6/3`.
    private static func value(_ key: Key, in values: KeyedDecodingContainer<Key>) throws -> String {
        if let parts = try? values.decode([String].self, forKey: key) { return parts.joined(separator: "/") }
        return try values.decode(String.self, forKey: key)
    }

    /// Throws if no architecture has this value of the axis.
    private static func check(_ axis: ArchitectureAxis, _ value: String) throws {
        do {
            _ = try BackboneArchitecture().with([(axis, value)])
        } catch is ArchitectureError {
            // The value is valid; whether it goes with the other axes is checked later.
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
