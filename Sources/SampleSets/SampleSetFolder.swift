import Foundation
import Support

/// The folder of a built-in sample set, which appears complete or not at all.
struct SampleSetFolder {
    let path: String
    /// Files and folders in it that every sample set of this kind has.
    let marks: [String]

    /// Makes the folder: `body` fills another folder beside it, which is then renamed.
    ///
    /// - Throws: ``SampleSetError/exists(_:)`` if the folder exists and `replacing` is false,
    ///   ``SampleSetError/notASampleSet(_:)`` if the folder to replace holds something else, and the errors of `body`.
    func make<Result>(replacing: Bool, _ body: (_ making: String) throws -> Result) throws -> Result {
        let folder = WholeFolder(path)
        if folder.exists {
            guard replacing else { throw SampleSetError.exists(folder.path) }
            // Never replace another folder that a user named by mistake.
            guard marks.allSatisfy({ FileManager.default.fileExists(atPath: folder.path + "/" + $0) }) else {
                throw SampleSetError.notASampleSet(folder.path)
            }
        }
        do {
            return try folder.make(body)
        } catch let error as WholeFolderError {
            throw SampleSetError.cannotMake(error.path, reason: error.reason)
        }
    }
}

/// The reason why a sample set was not written.
public enum SampleSetError: Error, Hashable, CustomStringConvertible {
    /// The folder exists and was not to be replaced.
    case exists(String)
    /// The folder exists and holds something else.
    case notASampleSet(String)
    /// The system refuses the folder.
    case cannotMake(String, reason: String)

    /// The folder, what is wrong, and what to do.
    public var description: String {
        switch self {
        case .exists(let folder):
            "\(folder) exists already. Choose another folder, or replace it with --replace."
        case .notASampleSet(let folder):
            "\(folder) exists and is not such a sample set, so it is not replaced. Choose another folder, or remove it."
        case .cannotMake(let folder, let reason):
            "\(folder): the folder can't be made (\(reason)). Choose another one."
        }
    }
}

/// `number` with leading zeros, so that it has six digits.
func sixDigits(_ number: Int) -> String { String(repeating: "0", count: max(0, 6 - "\(number)".count)) + "\(number)" }
