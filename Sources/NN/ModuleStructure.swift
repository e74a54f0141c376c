/// Gives a stored property of a ``Module`` a name of its own in the state dict.
///
/// A name is otherwise the property's, in snake case (`runningMean` is `running_mean`). Set the value inline or after
/// `super.init`:
///
/// ```swift
/// @Named("0") var expand: Conv2d
/// ```
@propertyWrapper
public struct Named<Value> {
    /// The property's name in the state dict.
    public let name: String
    private var stored: Value?

    /// A property of this name, whose value is set later.
    public init(_ name: String) {
        self.name = name
    }

    /// A property of this name with its value.
    public init(wrappedValue: Value, _ name: String) {
        self.name = name
        stored = wrappedValue
    }

    /// The property's value; reading it before it was set traps.
    public var wrappedValue: Value {
        get {
            guard let stored else { preconditionFailure("the property named \"\(name)\" was read before it was set") }
            return stored
        }
        set { stored = newValue }
    }
}

/// A `Named` of any value.
protocol NamedStructure {
    var name: String { get }
    var value: Any? { get }
}

extension Named: NamedStructure {
    var value: Any? { stored }
}

/// What one module holds directly, in the order of its stored properties, a superclass's first.
struct ModuleStructure {
    var parameters: [(name: String, parameter: Parameter)] = []
    var buffers: [(name: String, buffer: Buffer)] = []
    var children: [(name: String, module: Module)] = []

    init(reflecting module: Module) {
        var levels: [Mirror] = []
        var level: Mirror? = Mirror(reflecting: module)
        while let mirror = level, mirror.subjectType != Module.self {
            levels.append(mirror)
            level = mirror.superclassMirror
        }
        for mirror in levels.reversed() {
            for (label, value) in mirror.children {
                guard let label else { continue }
                if let named = value as? any NamedStructure {
                    if let value = named.value { append(value, named: named.name) }
                } else {
                    append(value, named: Self.snakeCase(label))
                }
            }
        }
        let names = parameters.map(\.name) + buffers.map(\.name) + children.map(\.name)
        precondition(
            Set(names).count == names.count,
            "\(type(of: module)) has two members of one name: \(names.sorted().joined(separator: ", "))")
    }

    private mutating func append(_ value: Any, named name: String) {
        if let parameter = value as? Parameter {
            parameters.append((name, parameter))
        } else if let buffer = value as? Buffer {
            buffers.append((name, buffer))
        } else if let module = value as? Module {
            children.append((name, module))
        } else if let list = value as? [Any], !list.isEmpty {
            for (index, element) in list.enumerated() { append(element, named: "\(name).\(index)") }
        }
    }

    /// `bboxPred` → `bbox_pred`; a name without capitals stays as it is.
    static func snakeCase(_ name: String) -> String {
        var result = ""
        for character in name {
            if character.isUppercase {
                if !result.isEmpty { result.append("_") }
                result.append(character.lowercased())
            } else {
                result.append(character)
            }
        }
        return result
    }
}
