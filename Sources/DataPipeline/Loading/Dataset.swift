import Support

/// A set of samples by index. A loader calls it from several threads at once.
public protocol Dataset<Sample>: Sendable {
    /// What the data set gives for an index.
    associatedtype Sample: Sendable

    /// How many samples there are; indices run from 0.
    var count: Int { get }

    /// Sample `index`. Everything random in it comes from `random`, so that (seed, epoch, index) decides the sample.
    ///
    /// - Throws: an error that names the file and the record that failed.
    func sample(at index: Int, random: inout SeededRandom) throws -> Sample

    /// What a person would call sample `index` in a message: its file, as a rule.
    func describe(_ index: Int) -> String
}
