import Annotations
import Foundation
import Support
import Training

/// How weights came about, beside what their checkpoint says of its training. It is text in the file's metadata, so that it
/// goes where the weights go.
package struct WeightsOrigin: Codable, Hashable, Sendable {
    /// The key of the text in a file's metadata.
    static let key = "vertebra_origin"

    /// The version of the program that trained.
    package var vertebra = Release.version
    /// When training began, or went on for the last time, in UTC.
    package var date: String
    /// The weights' licence as an SPDX identifier; nil if nobody has given one.
    package var license: String?
    /// What the network is given.
    package var input: ModelInput
    /// The parts of the data. Files have paths in the data's folder.
    package var data: [DataRecord]

    /// - Parameters:
    ///   - recipe: The recipe that trains.
    ///   - data: The parts of its data.
    /// - Throws: `RecipeFileError`.
    init(_ recipe: RecipeFile, data: [DataRecord], date: Date = Self.now) throws {
        self.date = date.formatted(.iso8601)
        let head = try recipe.decode(Head.self)
        license = head.model.license?.identifier
        input = try ModelInput(recipe)
        self.data = data.map { $0.relative(to: head.data.root ?? ".") }
    }

    /// What a file's texts say; nil for a file of an earlier program.
    ///
    /// - Throws: `CheckpointError` for a text that makes no sense.
    init?(texts: [String: String], path: String) throws {
        guard let text = texts[Self.key] else { return nil }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw CheckpointError.damaged(
                path: path, reason: "what it says of its origin can't be read (\(Support.reason(of: error)))")
        }
    }

    /// The texts for a file's metadata.
    func texts() throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [Self.key: String(decoding: try encoder.encode(self), as: UTF8.self)]
    }

    /// Now; or the time in SOURCE_DATE_EPOCH, in seconds since 1970, by which programs make files whose bytes repeat.
    private static var now: Date {
        ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap { Double($0) }.flatMap {
            $0 >= 0 && $0 < 1e11 ? Date(timeIntervalSince1970: $0) : nil
        } ?? .now
    }

    private struct Head: Decodable {
        struct Model: Decodable {
            let license: License?
            // Not CaseIterable: these are not all keys of the section, and others must not be refused.
            enum CodingKeys: String, CodingKey { case license }
        }
        struct Data: Decodable {
            let root: String?
            enum CodingKeys: String, CodingKey { case root }
        }
        let model: Model
        let data: Data
        enum CodingKeys: String, CodingKey { case model, data }
    }
}

/// The records of a run's data, which are made once, when they are first asked for: checksums take time.
final class RunData {
    private let read: () -> [DataRecord]
    private(set) lazy var records = read()

    init(_ read: @escaping () -> [DataRecord]) { self.read = read }
}

/// Makes the texts of a run's origin when its first checkpoint is written, the same for all that follow.
final class RunOrigin {
    private let recipe: RecipeFile
    private let data: RunData
    private var made: [String: String]?

    init(recipe: RecipeFile, data: RunData) { (self.recipe, self.data) = (recipe, data) }

    /// The texts.
    ///
    /// - Throws: `RecipeFileError`.
    var texts: [String: String] {
        get throws {
            if let made { return made }
            let texts = try WeightsOrigin(recipe, data: data.records).texts()
            made = texts
            return texts
        }
    }
}
