import Annotations
import Architectures
import Foundation
import Support

/// A text file with the name of a class on each line, in the order of a classifier's outputs.
package struct ClassNamesFile: Hashable, Sendable {
    package let path: String
    package let names: [String]

    /// - Throws: `JobError` for a file that does not exist, is not text or holds no names.
    package init(_ path: String) throws {
        do {
            names = try numberedLines(of: path).map { String($0.text.withoutSpaceAround) }
        } catch {
            throw JobError(path, "the class names can't be read: \(error.reason)")
        }
        self.path = path
        guard !names.isEmpty else {
            throw JobError(path, "holds no names; write one class on each line")
        }
    }
}

/// The class that a user asks about, given by its name or by its number from 0.
package struct ClassChoice: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    private var place: String { "--class \(text)" }

    /// - Parameters:
    ///   - isNamed: whether `names` are real names rather than numbers.
    ///   - model: the model's name, for the error message.
    /// - Throws: `JobError` with the nearest name, or with the numbers of all classes if several have that name.
    package func index(in names: [String], isNamed: Bool, model: String) throws -> Int {
        let known = names.indices.filter { names[$0] == text }
        if known.count == 1 { return known[0] }
        guard known.isEmpty else {
            throw JobError(
                place,
                "\(model) has \(known.count) classes of that name; give a number instead: "
                    + known.map(String.init).joined(separator: ", "))
        }
        if let number = Int(text) {
            guard names.indices.contains(number) else {
                throw JobError(place, "the classes of \(model) are 0…\(names.count - 1)")
            }
            return number
        }
        guard isNamed else {
            throw JobError(
                place,
                "the weights of \(model) don't say what its classes are called; name a file with --classes, "
                    + "or give a number in 0…\(names.count - 1)")
        }
        let nearest = nearestName(to: text, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
        throw JobError(place, "\(model) knows no such class\(nearest)")
    }
}
