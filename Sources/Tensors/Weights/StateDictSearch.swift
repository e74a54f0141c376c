/// Finds the weights in what a checkpoint holds: a state dict, alone or under one of the usual keys, beside epochs,
/// optimisers and settings.
struct StateDictSearch {
    private let heap: PickleHeap
    /// The tensors' names and places in the heap, in the file's order.
    private(set) var tensors: [(name: String, tensor: Int)] = []
    /// The keys that led to the state dict.
    private(set) var keys: [String] = []
    /// What stood beside the state dict, or inside it without being a tensor, each with a word of what it is.
    private(set) var leftOut: [String] = []
    private var objects: [(key: String, name: String)] = []
    private var visits = 0

    private static let usualKeys = [
        "state_dict", "model_state_dict", "model_state", "model", "network", "net", "weights", "params",
    ]
    private static let mostVisits = 1_000_000
    private static let deepest = 16

    init(_ heap: PickleHeap, root: PickledValue) throws {
        self.heap = heap
        guard case .dictionary(var dictionary) = root else {
            if case .object(let name) = root {
                throw PTHFault.object("it holds a whole module, an object of \(name)")
            }
            throw PTHFault.foreign("it holds \(heap.description(root)), and not a dictionary of tensors")
        }
        while keys.count < Self.deepest, let (key, inner) = try nested(in: dictionary) {
            for (name, value) in heap.entries(dictionary) where name != key { leaveOut(name, value) }
            keys.append(key)
            dictionary = inner
        }
        let entries = heap.entries(dictionary)
        if entries.contains(where: { heap.tensorPlace($0.value) != nil }) {
            try gather(entries, prefix: "", depth: 0)
        } else {
            // Several networks.
            for (name, value) in entries {
                if let inner = flatStateDict(value) {
                    try gather(heap.entries(inner), prefix: name + ".", depth: 1)
                } else {
                    leaveOut(name, value)
                }
            }
        }
    }

    /// The key under which a dictionary keeps its state dict, with that; nil where it is one itself.
    private mutating func nested(in dictionary: Int) throws -> (key: String, dictionary: Int)? {
        let entries = heap.entries(dictionary)
        for key in Self.usualKeys {
            if case .dictionary(let inner)? = entries.first(where: { $0.key == key })?.value,
                try holdsTensors(inner, depth: 0)
            {
                return (key, inner)
            }
        }
        guard !entries.contains(where: { heap.tensorPlace($0.value) != nil }) else { return nil }
        let candidates = entries.compactMap { entry in flatStateDict(entry.value).map { (entry.key, $0) } }
        return candidates.count == 1 ? candidates[0] : nil
    }

    /// The place of a dictionary that itself holds tensors; nil for any other value.
    private func flatStateDict(_ value: PickledValue) -> Int? {
        guard case .dictionary(let place) = value,
            heap.dictionaries[place].contains(where: { heap.tensorPlace($0.value) != nil })
        else { return nil }
        return place
    }

    /// The fault of a file without tensors.
    var noTensors: PTHFault {
        guard let object = objects.first else { return .foreign("it holds no tensors") }
        return .object("it holds no state dict; '\(object.key)' is a whole object of \(object.name)")
    }

    private mutating func holdsTensors(_ dictionary: Int, depth: Int) throws -> Bool {
        for (_, value) in heap.dictionaries[dictionary] {
            try visit()
            if heap.tensorPlace(value) != nil { return true }
            if case .dictionary(let inner) = value, depth < Self.deepest, try holdsTensors(inner, depth: depth + 1) {
                return true
            }
        }
        return false
    }

    private mutating func gather(
        _ entries: [(key: String, value: PickledValue)], prefix: String, depth: Int
    ) throws {
        for (key, value) in entries {
            try visit()
            switch value {
            case .tensor, .array:
                if let place = heap.tensorPlace(value) {
                    tensors.append((prefix + key, place))
                } else {
                    leaveOut(prefix + key, value)
                }
            case .dictionary(let inner) where depth < Self.deepest:
                try gather(heap.entries(inner), prefix: prefix + key + ".", depth: depth + 1)
            default: leaveOut(prefix + key, value)
            }
        }
    }

    private mutating func leaveOut(_ name: String, _ value: PickledValue) {
        let key = (keys + [name]).joined(separator: ".")
        leftOut.append("\(key) (\(heap.description(value)))")
        if case .object(let name) = value { objects.append((key, name)) }
    }

    /// Counts a step, and throws at too many: dictionaries may stand in each other many times over, and no state dict
    /// takes so many steps.
    private mutating func visit() throws {
        visits += 1
        guard visits <= Self.mostVisits else { throw PTHFault.damaged("it holds more than a million entries") }
    }
}
