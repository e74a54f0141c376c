import Foundation

/// The calls in a pickle. Those that make tensors and containers are done here; any other makes nothing, and stands for
/// an object of its class.
extension Unpickler {
    mutating func call(_ callee: PickledValue, _ arguments: [PickledValue], _ start: Int) throws {
        switch callee {
        case .global(let global): stack.append(try result(of: global, arguments, start))
        case .object: stack.append(callee)
        default: throw PTHFault.damaged(at: start, "its pickle calls what can't be called")
        }
    }

    private mutating func result(
        of global: PickledGlobal, _ arguments: [PickledValue], _ start: Int
    ) throws -> PickledValue {
        switch global {
        case .orderedDictionary, .counter: return try dictionary(arguments, start)
        case .defaultDictionary: return heap.dictionary()
        case .set, .size:
            if case .list(let values)? = arguments.first { return .list(values) }
            return heap.list()
        case .rebuildTensor: return try tensor(arguments, start)
        case .rebuildParameter:
            switch arguments.first {
            case .tensor?, .object?: return arguments[0]
            default: throw PTHFault.damaged(at: start, "a parameter isn't a tensor")
            }
        case .encode:
            guard case .text(let text)? = arguments.first else {
                throw PTHFault.damaged(at: start, "bytes aren't given as text")
            }
            // Other characters than Latin-1's stand in no bytes that Python writes.
            return .bytes(Data(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
        case .device: return .plain("a device")
        case .emptyArray: return heap.array()
        case .arrayType:
            guard case .text(let code)? = arguments.first else { return .object("numpy.dtype") }
            return heap.arrayType(PickledArrayType(code: code))
        case .arrayOfBytes:
            guard arguments.count >= 3, let bytes = heap.bytes(arguments[0]), case .arrayType(let type) = arguments[1],
                let shape = heap.integers(arguments[2])
            else { return .object("numpy.ndarray") }
            let isFortranOrder = if arguments.count > 3, case .text("F") = arguments[3] { true } else { false }
            return heap.array(
                try heap.tensor(
                    ofArrayType: heap.arrayTypes[type], shape: shape, bytes: bytes, isFortranOrder: isFortranOrder,
                    at: start))
        case .arrayNumber: return .plain("a number")
        case .storage, .tensorClass, .elementType, .arrayClass: return .object("\(global)")
        case .foreign(let name):
            // copyreg._reconstructor and its like are given the class that they make an object of.
            if case .global(.foreign(let made))? = arguments.first { return .object(made) }
            return .object(name)
        }
    }

    /// Gives a value its state: `_metadata` of a state dict and whatever hangs on a tensor are of no use, and only numpy's
    /// arrays and element types need theirs.
    mutating func give(_ state: PickledValue, to value: PickledValue, _ start: Int) throws {
        switch value {
        case .dictionary, .tensor, .object, .list, .global: break
        case .arrayType(let place):
            if case .list(let list) = state, heap.lists[list].count > 1, case .text(">") = heap.lists[list][1] {
                heap.turnByteOrder(ofArrayType: place)
            }
        case .array(let place):
            // (version, shape, type, whether in Fortran's order, bytes); a list in place of bytes for Python's objects.
            guard case .list(let list) = state, case let parts = heap.lists[list].suffix(4), parts.count == 4,
                let shape = heap.integers(parts[parts.startIndex]),
                case .arrayType(let type) = parts[parts.startIndex + 1]
            else { throw PTHFault.damaged(at: start, "a numpy array has neither shape nor type") }
            guard let bytes = heap.bytes(parts[parts.startIndex + 3]) else { return }
            if let tensor = try heap.tensor(
                ofArrayType: heap.arrayTypes[type], shape: shape, bytes: bytes,
                isFortranOrder: heap.isTrue(parts[parts.startIndex + 2]), at: start)
            {
                heap.fill(array: place, with: tensor)
            }
        default:
            throw PTHFault.damaged(at: start, "its pickle gives attributes to \(heap.description(value))")
        }
    }

    /// The dictionary that a call makes from nothing, from another dictionary, or from a list of pairs.
    private mutating func dictionary(_ arguments: [PickledValue], _ start: Int) throws -> PickledValue {
        switch arguments.first {
        case nil: return heap.dictionary()
        case .dictionary(let place)?: return .dictionary(place)
        case .list(let place)?:
            let made = heap.dictionary()
            stack.append(made)
            for pair in heap.lists[place] {
                guard case .list(let place) = pair, heap.lists[place].count == 2 else {
                    throw PTHFault.damaged(at: start, "a dictionary isn't given as pairs")
                }
                try set(heap.lists[place], start)
            }
            return try pop(start)
        default: throw PTHFault.damaged(at: start, "a dictionary is made of \(heap.description(arguments[0]))")
        }
    }

    /// The tensor that the arguments storage, offset, shape, strides, … of a call describe; of elements that tensors don't
    /// have here, an object.
    private mutating func tensor(_ arguments: [PickledValue], _ start: Int) throws -> PickledValue {
        if case .object(let type)? = arguments.first { return .object(type) }
        guard arguments.count >= 4, case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = heap.integers(arguments[2]), let strides = heap.integers(arguments[3]),
            let tensor = heap.tensor(.init(storage: storage, offset: offset, shape: shape, strides: strides))
        else { throw PTHFault.damaged(at: start, "a tensor doesn't lie in its storage") }
        return tensor
    }
}
