/// What a pickle names. All that a state dict and the plain values beside it need is known; everything else is only a name,
/// and nothing is ever imported or run.
enum PickledGlobal: Hashable {
    case orderedDictionary
    case counter
    case defaultDictionary
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
    /// numpy's class of arrays, which is named and never called.
    case arrayClass
    /// Makes an empty numpy array, to which its contents are given afterwards.
    case emptyArray
    /// Makes a numpy array of bytes.
    case arrayOfBytes
    /// Makes a number of numpy's.
    case arrayNumber
    /// Makes numpy's name of an element type.
    case arrayType
    /// Anything else, by its full name.
    case foreign(String)

    /// What the name stands for.
    init(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("collections", "Counter"): self = .counter
        case ("collections", "defaultdict"): self = .defaultDictionary
        case ("builtins", "set"), ("__builtin__", "set"), ("builtins", "frozenset"), ("__builtin__", "frozenset"):
            self = .set
        case ("torch", "Size"): self = .size
        case ("torch", "device"): self = .device
        case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
            self = .rebuildParameter
        case ("_codecs", "encode"): self = .encode
        case ("numpy", "ndarray"): self = .arrayClass
        case ("numpy", "dtype"): self = .arrayType
        case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"): self = .emptyArray
        case ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"): self = .arrayOfBytes
        case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .arrayNumber
        case ("torch.storage", "UntypedStorage"): self = .storage(.uint8)
        case ("torch", _), ("torch.cuda", _):
            if name.hasSuffix("Storage"), let dtype = Self.elementTypes[String(name.dropLast(7))] {
                self = .storage(dtype)
            } else if name.hasSuffix("Tensor"), Self.elementTypes[String(name.dropLast(6))] != nil {
                self = .tensorClass
            } else if module == "torch", Self.elementTypeNames.contains(name) {
                self = .elementType
            } else {
                self = .foreign("\(module).\(name)")
            }
        default: self = .foreign("\(module).\(name)")
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
