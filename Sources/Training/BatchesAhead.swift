/// An epoch's batches, the next of which may be taken before it is needed: while a device computes, the host loads and uploads.
final class BatchesAhead<Batch> {
    private let take: () throws -> Batch?
    private var ahead: Result<Batch?, any Error>?

    init(_ take: @escaping () throws -> Batch?) { self.take = take }

    /// The next batch; nil after the last. What went wrong when it was taken ahead is thrown now.
    func next() throws -> Batch? {
        guard let ahead else { return try take() }
        self.ahead = nil
        return try ahead.get()
    }

    /// Takes the next batch already now.
    func takeAhead() {
        if ahead == nil { ahead = Result { try take() } }
    }
}
