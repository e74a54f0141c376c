import DataPipeline

/// A part of a recipe's data, with what its section `data.failed_images` does to images that can't be used.
enum ImagePart {
    case training, validation

    /// The recipe's key of the part.
    var key: String { self == .training ? "data.train" : "data.val" }
    /// What `replace` does, as advice.
    fileprivate var advice: String { self == .training ? "have others take their places" : "leave them out" }
    /// What `replace` does, as a statement.
    fileprivate var consequence: String { self == .training ? "others take their places" : "they are left out" }
}

extension [UnusableFile] {
    /// What is done about images that can't be used: the work does not begin, or a line says what becomes of them.
    ///
    /// - Parameters:
    ///   - total: How many files were looked at.
    ///   - part: The part of the data that they belong to.
    ///   - path: The path of the sample of an index.
    /// - Returns: A line for a person; nil if all files can be used.
    /// - Throws: `RecipeFileError` if the policy is to stop.
    func unusable(
        of total: Int, in part: ImagePart, under policy: FailurePolicy, file: RecipeFile, path: (Int) -> String
    ) throws -> String? {
        guard let first else { return nil }
        let reason = first.reason.hasSuffix(".") ? String(first.reason.dropLast()) : first.reason
        let what = "\(count) of its \(total) images can't be used, such as \(path(first.index)): \(reason)"
        guard policy == .stop else { return "\(part.key): \(what); \(part.consequence)" }
        throw file.error(
            at: part.key,
            what + ". Repair the files that `vertebra data check` lists, or \(part.advice) with "
                + "data.failed_images=replace")
    }
}
