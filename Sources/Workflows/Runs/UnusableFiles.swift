import DataPipeline

extension [UnusableFile] {
    /// What training does about files that can't be used: it does not begin, or says that it replaces them.
    ///
    /// - Parameters:
    ///   - total: How many files were looked at.
    ///   - key: The recipe's key of the part that they belong to.
    ///   - path: The path of the sample of an index.
    /// - Returns: A line for a person; nil if all files can be used.
    /// - Throws: `RecipeFileError` if the policy is to stop.
    func unusable(
        of total: Int, in key: String, under policy: FailurePolicy, file: RecipeFile, path: (Int) -> String
    ) throws -> String? {
        guard let first else { return nil }
        let reason = first.reason.hasSuffix(".") ? String(first.reason.dropLast()) : first.reason
        let what = "\(count) of its \(total) images can't be used, such as \(path(first.index)): \(reason)"
        guard policy == .stop else { return "\(key): \(what); others take their places" }
        throw file.error(
            at: key,
            what + ". Repair the files that `vertebra data check` lists, or have others take their places with "
                + "data.failed_images=replace")
    }
}
