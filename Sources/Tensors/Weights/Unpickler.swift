import Foundation

/// Reads pickles of protocols 1 to 5 as values. What a pickle names is looked up among the few names of
/// `PickledGlobal`, and an object of any other class is only the name of that class; nothing is ever imported, made or
/// run.
struct Unpickler {
    var bytes: ByteCursor
    var heap = PickleHeap()
    var stack: [PickledValue] = []
    /// The stack's size at each open mark.
    private var marks: [Int] = []
    private var memory: [Int: PickledValue] = [:]
    private var steps = 0

    /// More opcodes than any state dict needs; a file with more was made to fill the memory.
    private static let mostSteps = 10_000_000

    /// Gives what a persistent id of a pickle stands for; nil for one that isn't there.
    typealias Persistent = (PickledValue, inout PickleHeap) throws -> PickledValue?

    init(_ bytes: ByteCursor) { self.bytes = bytes }

    /// Reads the pickle that begins here; the cursor then stands behind it.
    mutating func value(persistent: Persistent = { _, _ in nil }) throws -> PickledValue {
        stack = []
        marks = []
        memory = [:]
        while true {
            let start = bytes.position
            steps += 1
            guard steps <= Self.mostSteps else {
                throw PTHFault.damaged(at: start, "its pickle has more than \(Self.mostSteps) steps")
            }
            let opcode = try bytes.byte()
            if opcode == UInt8(ascii: ".") { return try pop(start) }
            if opcode == UInt8(ascii: "Q") || opcode == UInt8(ascii: "P") {
                let id = opcode == UInt8(ascii: "Q") ? try pop(start) : .text(try bytes.line())
                guard let value = try persistent(id, &heap) else {
                    throw PTHFault.damaged(at: start, "its pickle refers to \(heap.description(id)), which isn't there")
                }
                stack.append(value)
            } else if try !step(opcode, start) {
                throw PTHFault.damaged(
                    at: start, "the byte \(String(format: "0x%02x", opcode)) is no opcode of a pickle that is read here"
                )
            }
        }
    }

    /// Does what an opcode says; false for an opcode that isn't read here.
    private mutating func step(_ opcode: UInt8, _ start: Int) throws -> Bool {
        if try plainValue(opcode, start) || stackOperation(opcode, start) { return true }
        switch opcode {
        case UInt8(ascii: "c"):
            let module = try bytes.line()
            stack.append(.global(PickledGlobal(module: module, name: try bytes.line())))
        case 0x93:
            guard case .text(let name) = try pop(start), case .text(let module) = try pop(start) else {
                throw PTHFault.damaged(at: start, "its pickle names something by what isn't text")
            }
            stack.append(.global(PickledGlobal(module: module, name: name)))
        case UInt8(ascii: "R"), 0x81:
            let arguments = try popArguments(start)
            try call(try pop(start), arguments, start)
        case 0x92:
            _ = try pop(start)
            let arguments = try popArguments(start)
            try call(try pop(start), arguments, start)
        case UInt8(ascii: "i"):
            let module = try bytes.line()
            let callee = PickledGlobal(module: module, name: try bytes.line())
            try call(.global(callee), try popToMark(start), start)
        case UInt8(ascii: "o"):
            let values = try popToMark(start)
            guard let callee = values.first else {
                throw PTHFault.damaged(at: start, "its pickle makes an object of nothing")
            }
            try call(callee, Array(values.dropFirst()), start)
        case UInt8(ascii: "b"):
            let state = try pop(start)
            try give(state, to: try top(start), start)
        default: return false
        }
        return true
    }

    /// Does what an opcode says if it makes a number, a text or an empty container; false otherwise.
    private mutating func plainValue(_ opcode: UInt8, _ start: Int) throws -> Bool {
        switch opcode {
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "K"): stack.append(.integer(Int(try bytes.byte())))
        case UInt8(ascii: "M"): stack.append(.integer(try bytes.count(2)))
        case UInt8(ascii: "J"): stack.append(.integer(try bytes.signed(4)))
        case UInt8(ascii: "I"):
            let line = try bytes.line()
            if line == "00" || line == "01" {
                stack.append(.bool(line == "01"))
            } else {
                try pushNumber(line, start)
            }
        case UInt8(ascii: "L"):
            let line = try bytes.line()
            try pushNumber(line.hasSuffix("L") ? String(line.dropLast()) : line, start)
        case 0x8A: try pushLong(Int(try bytes.byte()))
        case 0x8B: try pushLong(try bytes.count(4))
        case UInt8(ascii: "G"):
            let bits = try bytes.unsigned(8).byteSwapped
            stack.append(.number(Double(bitPattern: bits)))
        case UInt8(ascii: "F"):
            let line = try bytes.line()
            guard let number = Double(line) else { throw PTHFault.damaged(at: start, "'\(line)' isn't a number") }
            stack.append(.number(number))
        case UInt8(ascii: "X"): try pushText(try bytes.count(4), start)
        case 0x8C: try pushText(Int(try bytes.byte()), start)
        case 0x8D: try pushText(try bytes.count(8), start)
        case UInt8(ascii: "U"): try pushOldText(Int(try bytes.byte()))
        case UInt8(ascii: "T"): try pushOldText(try bytes.count(4))
        case UInt8(ascii: "C"): try pushBytes(Int(try bytes.byte()))
        case UInt8(ascii: "B"): try pushBytes(try bytes.count(4))
        case 0x8E, 0x96: try pushBytes(try bytes.count(8))
        case UInt8(ascii: "]"), UInt8(ascii: ")"), 0x8F: stack.append(heap.list())
        case UInt8(ascii: "}"): stack.append(heap.dictionary())
        default: return false
        }
        return true
    }

    /// Does what an opcode says if it works on the stack, its marks and the memory, or gathers values into containers;
    /// false otherwise.
    private mutating func stackOperation(_ opcode: UInt8, _ start: Int) throws -> Bool {
        switch opcode {
        // The protocol's number, and the length of a frame.
        case 0x80: _ = try bytes.byte()
        case 0x95: _ = try bytes.skip(8)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): _ = try pop(start)
        case UInt8(ascii: "1"): _ = try popToMark(start)
        case UInt8(ascii: "2"): stack.append(try top(start))
        case UInt8(ascii: "q"): memory[Int(try bytes.byte())] = try top(start)
        case UInt8(ascii: "r"): memory[try bytes.count(4)] = try top(start)
        case 0x94: memory[memory.count] = try top(start)
        case UInt8(ascii: "h"): try recall(Int(try bytes.byte()), start)
        case UInt8(ascii: "j"): try recall(try bytes.count(4), start)
        case UInt8(ascii: "t"), UInt8(ascii: "l"), 0x91:
            let values = try popToMark(start)
            stack.append(heap.list(values))
        case 0x85, 0x86, 0x87:
            var values: [PickledValue] = []
            for _ in 0..<Int(opcode - 0x84) { values.append(try pop(start)) }
            stack.append(heap.list(values.reversed()))
        case UInt8(ascii: "a"):
            let value = try pop(start)
            try append([value], start)
        case UInt8(ascii: "e"), 0x90: try append(try popToMark(start), start)
        case UInt8(ascii: "s"):
            let value = try pop(start)
            try set([try pop(start), value], start)
        case UInt8(ascii: "u"): try set(try popToMark(start), start)
        case UInt8(ascii: "d"):
            let values = try popToMark(start)
            stack.append(heap.dictionary())
            try set(values, start)
        default: return false
        }
        return true
    }

    mutating func pop(_ start: Int) throws -> PickledValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw PTHFault.damaged(at: start, "its pickle takes a value where there is none")
        }
        return value
    }

    private func top(_ start: Int) throws -> PickledValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw PTHFault.damaged(at: start, "its pickle uses a value where there is none")
        }
        return value
    }

    private mutating func popToMark(_ start: Int) throws -> [PickledValue] {
        guard let mark = marks.popLast() else { throw PTHFault.damaged(at: start, "its pickle lacks a mark") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func recall(_ place: Int, _ start: Int) throws {
        guard let value = memory[place] else {
            throw PTHFault.damaged(at: start, "its pickle recalls a value that it never kept")
        }
        stack.append(value)
    }

    private mutating func append(_ values: [PickledValue], _ start: Int) throws {
        switch try top(start) {
        case .list(let list): heap.append(values[...], to: list)
        case .object: break
        default: throw PTHFault.damaged(at: start, "its pickle appends to what isn't a list")
        }
    }

    mutating func set(_ pairs: [PickledValue], _ start: Int) throws {
        let container = try top(start)
        if case .object = container { return }
        guard case .dictionary(let dictionary) = container, pairs.count % 2 == 0 else {
            throw PTHFault.damaged(at: start, "its pickle sets keys of what isn't a dictionary")
        }
        for i in stride(from: 0, to: pairs.count, by: 2) { heap.set(pairs[i + 1], for: pairs[i], in: dictionary) }
    }

    private mutating func pushNumber(_ line: String, _ start: Int) throws {
        guard let number = Int(line) else { throw PTHFault.damaged(at: start, "'\(line)' isn't a whole number") }
        stack.append(.integer(number))
    }

    private mutating func pushLong(_ count: Int) throws {
        if count <= 8 {
            stack.append(.integer(count == 0 ? 0 : try bytes.signed(count)))
        } else {
            stack.append(.large(Array(bytes.data[try bytes.skip(count)])))
        }
    }

    private mutating func pushText(_ count: Int, _ start: Int) throws {
        guard let text = String(bytes: bytes.data[try bytes.skip(count)], encoding: .utf8) else {
            throw PTHFault.damaged(at: start, "its pickle holds text that isn't UTF-8")
        }
        stack.append(.text(text))
    }

    private mutating func pushBytes(_ count: Int) throws { stack.append(.bytes(bytes.data[try bytes.skip(count)])) }

    /// Pushes what Python 2 wrote, which has one type for text and bytes: a text where it is UTF-8, else bytes.
    private mutating func pushOldText(_ count: Int) throws {
        let part = bytes.data[try bytes.skip(count)]
        stack.append(String(bytes: part, encoding: .utf8).map(PickledValue.text) ?? .bytes(part))
    }

    /// The arguments of a call: a list's values.
    mutating func popArguments(_ start: Int) throws -> [PickledValue] {
        guard case .list(let place) = try pop(start) else {
            throw PTHFault.damaged(at: start, "its pickle calls what can't be called")
        }
        return heap.lists[place]
    }
}
