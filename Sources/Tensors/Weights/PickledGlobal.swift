/// What a pickle may name: all that a state dict and the plain values beside it need, and nothing that runs.
enum PickledGlobal: Hashable {
    case orderedDictionary
    case counter
    case set
    case size
    case rebuildTensor
    case rebuildParameter
    /// The class of a storage.
    case storage(DType)
    /// A class that is named and never called.
    case tensorClass
    case elementType
    case device
    /// Makes bytes of a text: how Python 3 writes bytes for Python 2.
    case encode

    /// What the name stands for; nil for every name that isn't taken here.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("collections", "Counter"): self = .counter
        case ("builtins", "set"), ("__builtin__", "set"), ("builtins", "frozenset"), ("__builtin__", "frozenset"):
            self = .set
        case ("torch", "Size"): self = .size
        case ("torch", "device"): self = .device
        case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
            self = .rebuildParameter
        case ("_codecs", "encode"): self = .encode
        case ("torch.storage", "UntypedStorage"): self = .storage(.uint8)
        case ("torch", _), ("torch.cuda", _):
            if name.hasSuffix("Storage"), let dtype = Self.elementTypes[String(name.dropLast(7))] {
                self = .storage(dtype)
            } else if name.hasSuffix("Tensor"), Self.elementTypes[String(name.dropLast(6))] != nil {
                self = .tensorClass
            } else if module == "torch", Self.elementTypeNames.contains(name) {
                self = .elementType
            } else {
                return nil
            }
        default: return nil
        }
    }

    private static let elementTypes: [String: DType] = [
        "Float": .float32, "Double": .float64, "Half": .float16, "BFloat16": .bfloat16, "Byte": .uint8, "Char": .int8,
        "Short": .int16, "Int": .int32, "Long": .int64, "Bool": .bool, "Untyped": .uint8,
    ]

    private static let elementTypeNames: Set<String> = [
        "float32", "float", "float64", "double", "float16", "half", "bfloat16", "uint8", "int8", "int16", "short",
        "int32", "int", "int64", "long", "bool",
    ]
}
