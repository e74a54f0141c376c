import DataPipeline
import Support

/// The section `training.sampling`: how often an epoch visits images. Without it, once each; the factors of all its keys are
/// multiplied.
package struct SamplingSection: RecipeSection {
    /// Repeat factor sampling: classes in a smaller share of the images are repeated. Nil: none.
    package var repeatThreshold: Double?
    /// Visits of images with a class, 1 for classes that are not named; an image has the largest of its classes' factors.
    package var classes: [String: Double]?
    /// Visits of images whose names begin so, as those of a data set in a folder of its own do; the longest beginning counts.
    package var folders: [String: Double]?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case repeatThreshold = "repeat_threshold"
        case classes, folders
    }

    /// The most visits of an image that a key may ask for.
    private static let most = 1000.0

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        repeatThreshold = try values.decodeIfPresent(Double.self, forKey: .repeatThreshold)
        try values.require(
            repeatThreshold.map { $0 > 0 && $0 <= 1 } ?? true, .repeatThreshold, "must be in 0…1, without 0")
        for (key, list) in [(CodingKeys.classes, \SamplingSection.classes), (.folders, \.folders)] {
            self[keyPath: list] = try values.decodeIfPresent([String: Double].self, forKey: key)
            let wrong = self[keyPath: list]?.sorted { $0.key < $1.key }.first { !(0...Self.most).contains($0.value) }
            try values.require(
                wrong == nil, key,
                "gives \(wrong?.key ?? "") \(wrong?.value ?? 0) visits; it must be 0 to \(Int(Self.most))")
        }
    }

    /// The sampler that visits each sample as often as the section says; nil where it says nothing.
    ///
    /// - Parameters:
    ///   - count: Samples of the data.
    ///   - leftOut: Samples that are known not to be readable.
    ///   - classes: The classes in a sample, each once, from 0.
    ///   - name: The name of a sample's file.
    /// - Throws: `RecipeFileError` for a class that the data don't have, and for a folder without images.
    func sampler(
        count: Int, seed: UInt64, leftOut: Set<Int> = [], classNames: [String], file: RecipeFile,
        classes classesOf: (Int) -> [Int], name: (Int) -> String
    ) throws -> RepeatSampler? {
        guard repeatThreshold != nil || classes != nil || folders != nil else { return nil }
        let contents = (0..<count).map { classesOf($0) }
        var factors = [Double](repeating: 1, count: count)
        if let repeatThreshold {
            factors = RepeatSampler.repeatFactors(classes: contents, threshold: repeatThreshold)
        }
        if let classes {
            let own = try file.numbers(classes, ofClasses: classNames, at: "training.sampling.classes")
            for (i, content) in contents.enumerated() { factors[i] *= content.map { own[$0] }.max() ?? 1 }
        }
        if let folders {
            let beginnings = folders.sorted { ($1.key.count, $0.key) < ($0.key.count, $1.key) }
            var found: Set<String> = []
            for i in 0..<count {
                let name = name(i)
                guard let (beginning, factor) = beginnings.first(where: { name.hasPrefix($0.key) }) else { continue }
                found.insert(beginning)
                factors[i] *= factor
            }
            if let none = beginnings.first(where: { !found.contains($0.key) }) {
                throw file.error(
                    at: "training.sampling.folders",
                    "no image's name begins with '\(none.key)'; names are such as \(count > 0 ? name(0) : "none")")
            }
        }
        for i in leftOut { factors[i] = 0 }
        guard factors.contains(where: { $0 > 0 }) else {
            throw file.error(at: "training.sampling", "leaves no image to train on")
        }
        return RepeatSampler(factors: factors, seed: seed)
    }
}

extension RepeatSampler {
    /// A line for a person.
    var summary: String {
        "an epoch has \(count) visits of \(factors.count { $0 > 0 }) images, at most "
            + "\((factors.max() ?? 0).formatted(.number.precision(.fractionLength(0...2)).locale(.init(identifier: "en")))) of one"
    }
}

extension RecipeFile {
    /// A number for each class, 1 for those that are not named.
    ///
    /// - Throws: `RecipeFileError` for a name that is no class, with the nearest one.
    func numbers(_ named: [String: Double], ofClasses classNames: [String], at key: String) throws -> [Double] {
        if let strange = named.keys.sorted().first(where: { !classNames.contains($0) }) {
            let nearest = nearestName(to: strange, among: classNames, within: max(2, strange.count / 3))
            throw error(
                at: key,
                "there is no class '\(strange)'"
                    + (nearest.map { "; did you mean \($0)?" }
                        ?? "; the classes are \(classNames.prefix(8).joined(separator: ", "))\(classNames.count > 8 ? ", …" : "")")
            )
        }
        return classNames.map { named[$0] ?? 1 }
    }
}
