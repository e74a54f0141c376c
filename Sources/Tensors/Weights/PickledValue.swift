import Foundation

/// A value that a pickle describes.
///
/// Lists, dictionaries, storages and tensors stand in a `PickleHeap` and are known by their place there: however deep a
/// file nests them, and whether or not in circles, letting go of them takes no recursion.
enum PickledValue {
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer of more than 64 bits: two's complement, little-endian.
    case large([UInt8])
    case number(Double)
    case text(String)
    /// Bytes: a part of the file, not copied.
    case bytes(Data)
    /// A list, a tuple or a set.
    case list(Int)
    case dictionary(Int)
    case storage(Int)
    case tensor(Int)
    case global(PickledGlobal)
    /// A numpy array, by its place in the heap.
    case array(Int)
    /// A numpy element type, by its place in the heap.
    case arrayType(Int)
    /// An object of a class that isn't known here, by the name of the class. It was never made.
    case object(String)
    /// A device or an element type, by its name: of no use here.
    case plain(String)
}

/// Elements that tensors are cut from.
struct PickledStorage {
    var key: String
    var dtype: DType
    /// Where it begins in the storage of this key, in elements: not 0 for a view of a larger one.
    var first = 0
    /// How many elements it has.
    var count: Int
    /// The bytes of a numpy array, which stand in the pickle itself; nil for PyTorch's storages.
    var bytes: Data?
}

/// A tensor as a pickle describes it; its elements lie in a storage.
struct PickledTensor {
    /// The place of its storage in the heap.
    var storage: Int
    /// Where its first element is in the storage, in elements, as its strides are.
    var offset: Int
    var shape: [Int]
    var strides: [Int]
}

/// What the values of one file's pickles refer to by place.
struct PickleHeap {
    private(set) var lists: [[PickledValue]] = []
    private(set) var dictionaries: [[(key: PickledValue, value: PickledValue)]] = []
    private(set) var storages: [PickledStorage] = []
    private(set) var tensors: [PickledTensor] = []
    /// The places of the tensors that numpy arrays became; nil for an array without contents, or of what isn't numbers.
    private(set) var arrays: [Int?] = []
    private(set) var arrayTypes: [PickledArrayType] = []

    mutating func list(_ values: [PickledValue] = []) -> PickledValue {
        lists.append(values)
        return .list(lists.count - 1)
    }

    mutating func append(_ values: ArraySlice<PickledValue>, to list: Int) { lists[list] += values }

    mutating func dictionary() -> PickledValue {
        dictionaries.append([])
        return .dictionary(dictionaries.count - 1)
    }

    mutating func set(_ value: PickledValue, for key: PickledValue, in dictionary: Int) {
        dictionaries[dictionary].append((key, value))
    }

    mutating func storage(_ storage: PickledStorage) -> PickledValue {
        storages.append(storage)
        return .storage(storages.count - 1)
    }

    /// Adds a tensor that lies in a storage.
    ///
    /// - Returns: the tensor; nil where its elements don't lie in the storage, or are so many more than the storage's
    ///   that only a damaged file says so.
    mutating func tensor(_ tensor: PickledTensor) -> PickledValue? {
        let storage = storages[tensor.storage]
        guard tensor.shape.count == tensor.strides.count, tensor.shape.count <= 64, tensor.offset >= 0,
            tensor.offset <= storage.count, (tensor.shape + tensor.strides).allSatisfy({ $0 >= 0 })
        else { return nil }
        if !tensor.shape.contains(0) {
            var last = tensor.offset
            var elements = 1
            for (size, stride) in zip(tensor.shape, tensor.strides) {
                let (reach, isTooFar) = (size - 1).multipliedReportingOverflow(by: stride)
                let (sum, isBeyond) = last.addingReportingOverflow(reach)
                let (product, isTooLarge) = elements.multipliedReportingOverflow(by: size)
                guard !isTooFar, !isBeyond, !isTooLarge else { return nil }
                last = sum
                elements = product
            }
            guard last < storage.count, elements <= max(storage.count, Self.mostRepeated) else { return nil }
        }
        tensors.append(tensor)
        return .tensor(tensors.count - 1)
    }

    mutating func array(_ tensor: Int? = nil) -> PickledValue {
        arrays.append(tensor)
        return .array(arrays.count - 1)
    }

    mutating func fill(array: Int, with tensor: Int) { arrays[array] = tensor }

    mutating func arrayType(_ type: PickledArrayType) -> PickledValue {
        arrayTypes.append(type)
        return .arrayType(arrayTypes.count - 1)
    }

    mutating func turnByteOrder(ofArrayType place: Int) { arrayTypes[place].isBigEndian = true }

    /// The place of the tensor that a value is; nil for any other value.
    func tensorPlace(_ value: PickledValue) -> Int? {
        switch value {
        case .tensor(let place): place
        case .array(let place): arrays[place]
        default: nil
        }
    }

    /// How many elements a tensor may have by repeating those of a smaller storage.
    private static let mostRepeated = 1 << 24

    /// A dictionary's entries whose keys are texts or whole numbers, in its order; where a key comes twice, with the
    /// last value.
    func entries(_ dictionary: Int) -> [(key: String, value: PickledValue)] {
        var found: [(key: String, value: PickledValue)] = []
        var places: [String: Int] = [:]
        for (key, value) in dictionaries[dictionary] {
            let name: String
            switch key {
            case .text(let text): name = text
            case .integer(let number): name = String(number)
            default: continue
            }
            if let place = places[name] {
                found[place].value = value
            } else {
                places[name] = found.count
                found.append((name, value))
            }
        }
        return found
    }

    /// The numbers of a list of whole numbers; nil for any other value.
    func integers(_ value: PickledValue) -> [Int]? {
        guard case .list(let place) = value else { return nil }
        var numbers: [Int] = []
        for element in lists[place] {
            guard case .integer(let number) = element else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// A value for a person to read, short enough for part of a line.
    func description(_ value: PickledValue) -> String {
        switch value {
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): "\(value)"
        case .large: "a large number"
        case .number(let value): "\(value)"
        case .text(let text): text.count > 40 ? text.prefix(40) + "…" : text
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .list(let place): "a list of \(lists[place].count)"
        case .dictionary(let place): "a dictionary of \(dictionaries[place].count)"
        case .storage: "a storage"
        case .tensor(let place): "a tensor \(tensors[place].shape)"
        case .global(.foreign(let name)): name
        case .global: "a class"
        case .array(let place): arrays[place].map { "a numpy array \(tensors[$0].shape)" } ?? "a numpy array of objects"
        case .arrayType: "an element type"
        case .object(let name): "an object of \(name)"
        case .plain(let text): text
        }
    }
}
