import Architectures
import Foundation
import Support

/// A text file with the name of a class on each line, in the order of a classifier's outputs.
public struct ClassNamesFile: Hashable, Sendable {
    public let path: String
    public let names: [String]

    /// - Throws: `ExplanationError` for a file that is not there, is no text or holds no names.
    public init(_ path: String) throws {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ExplanationError(place: path, reason: "there is no such file of class names, or it can't be read")
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw ExplanationError(place: path, reason: "the class names are not UTF-8 text")
        }
        self.path = path
        names = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        guard !names.isEmpty else {
            throw ExplanationError(place: path, reason: "holds no names; write one class a line")
        }
    }
}

/// The class that a user asks about: by its name, or else by its number from 0.
package struct ClassChoice: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    private var place: String { "--class \(text)" }

    /// - Parameters:
    ///   - isNamed: whether `names` are the classes' own.
    ///   - model: for the message.
    /// - Throws: `ExplanationError` with the nearest name, or with the numbers of several classes of that name.
    package func index(in names: [String], isNamed: Bool, model: String) throws -> Int {
        let known = names.indices.filter { names[$0] == text }
        if known.count == 1 { return known[0] }
        guard known.isEmpty else {
            throw ExplanationError(
                place: place,
                reason: "\(model) has \(known.count) classes of that name; give a number instead: "
                    + known.map(String.init).joined(separator: ", "))
        }
        if let number = Int(text) {
            guard names.indices.contains(number) else {
                throw ExplanationError(place: place, reason: "the classes of \(model) are 0…\(names.count - 1)")
            }
            return number
        }
        guard isNamed else {
            throw ExplanationError(
                place: place,
                reason: "the weights of \(model) don't say what its classes are called; name a file with --classes, "
                    + "or give a number in 0…\(names.count - 1)")
        }
        let nearest = nearestName(to: text, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
        throw ExplanationError(place: place, reason: "\(model) knows no such class\(nearest)")
    }
}
