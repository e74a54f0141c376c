import Foundation

/// A request's path and the parameters behind it, decoded.
struct RequestTarget: Sendable {
    /// The path, as it was sent.
    let path: String
    private let parameters: [String: String]

    /// - Throws: ``Refusal`` for a target that is no path, and for parameters that are no text or stand twice.
    init(_ uri: String) throws(Refusal) {
        guard uri.hasPrefix("/") else {
            throw Refusal(.badRequest, "the request's target must be a path such as /health")
        }
        let halves = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(halves[0])
        var parameters: [String: String] = [:]
        for pair in halves.count > 1 ? halves[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(sides[0]), let value = Self.decoded(sides.count > 1 ? sides[1] : "") else {
                throw Refusal(.badRequest, "the parameter \(pair) has an escape that is no text")
            }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw Refusal(.badRequest, "the parameter \(name) stands twice")
            }
        }
        self.parameters = parameters
    }

    private static func decoded(_ text: Substring) -> String? {
        text.replacingOccurrences(of: "+", with: " ").removingPercentEncoding
    }

    /// - Throws: ``Refusal`` for a parameter that is none of `names`.
    func requireOnly(_ names: [String]) throws(Refusal) {
        guard let other = parameters.keys.sorted().first(where: { !names.contains($0) }) else { return }
        let known = names.isEmpty ? "it takes none" : "it takes " + names.joined(separator: ", ")
        throw Refusal(.badRequest, "\(path) has no parameter \(other); \(known)")
    }

    /// A parameter's text; nil if it is not there.
    func text(_ name: String) -> String? { parameters[name] }

    /// - Throws: ``Refusal`` if the parameter is no number in `range`.
    func number(_ name: String, in range: ClosedRange<Double>) throws(Refusal) -> Double? {
        guard let text = parameters[name] else { return nil }
        guard let value = Double(text), range.contains(value) else {
            throw Refusal(.badRequest, "\(name) is \(text); it must be in \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    /// - Throws: ``Refusal`` if the parameter is no whole number of at least `least`.
    func count(_ name: String, atLeast least: Int) throws(Refusal) -> Int? {
        guard let text = parameters[name] else { return nil }
        guard let value = Int(text), value >= least, value <= Int(Int32.max) else {
            throw Refusal(.badRequest, "\(name) is \(text); it must be a whole number from \(least)")
        }
        return value
    }
}
