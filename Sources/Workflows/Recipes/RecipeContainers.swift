/// One value of a recipe.
struct RecipeValueContainer: SingleValueDecodingContainer {
    let decoder: RecipeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.node.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch plainText {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw decoder.failure("is true or false, not \(decoder.node.kind)")
        }
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .scalar(let text, _) = decoder.node.content, !decodeNil() else {
            throw decoder.failure("is a text, not \(decoder.node.kind)")
        }
        return text
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let value = plainText.flatMap(Double.init), value.isFinite else {
            throw decoder.failure("is a number, not \(decoder.node.kind)")
        }
        return value
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decodeValue(type) }

    private var plainText: String? {
        guard case .scalar(let text, isPlain: true) = decoder.node.content else { return nil }
        return text
    }

    private func integer<Value: FixedWidthInteger>() throws -> Value {
        guard let value = plainText.flatMap({ Value($0) }) else {
            throw decoder.failure("is a whole number, not \(decoder.node.kind)")
        }
        return value
    }
}

/// A section of a recipe.
struct RecipeKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let entries: [RecipeNode.Entry]
    let decoder: RecipeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { entries.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { entries.contains { $0.key == key.stringValue } }

    func decodeNil(forKey key: Key) throws -> Bool { try child(key).node.isNull }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        guard contains(key) else { throw missing(key, RecipeDecoder.choices(type)) }
        return try child(key).decodeValue(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }

    private func child(_ key: Key) throws -> RecipeDecoder {
        guard let entry = entries.first(where: { $0.key == key.stringValue }) else {
            throw missing(key)
        }
        return decoder.child(entry.value, key)
    }

    private func missing(_ key: Key, _ more: String = "") -> RecipeFileError {
        RecipeFileError(decoder.node.place, "\((codingPath + [key]).dotted) is missing\(more)")
    }
}

/// A list in a recipe.
struct RecipeSequenceContainer: UnkeyedDecodingContainer {
    private struct Index: CodingKey {
        let intValue: Int?
        var stringValue: String { "\(intValue ?? 0)" }
        init(intValue: Int) { self.intValue = intValue }
        init?(stringValue: String) { return nil }
    }

    let values: [RecipeNode]
    let decoder: RecipeDecoder
    private(set) var currentIndex = 0

    init(values: [RecipeNode], decoder: RecipeDecoder) {
        self.values = values
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { values.count }
    var isAtEnd: Bool { currentIndex >= values.count }

    mutating func decodeNil() throws -> Bool {
        guard try next().node.isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try next().decodeValue(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let container = try next().container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try next().unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try next()
        currentIndex += 1
        return decoder
    }

    private func next() throws -> RecipeDecoder {
        guard !isAtEnd else { throw decoder.failure("has only \(values.count) values") }
        return decoder.child(values[currentIndex], Index(intValue: currentIndex))
    }
}
