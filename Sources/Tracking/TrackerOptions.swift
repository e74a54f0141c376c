/// How detections of consecutive frames become tracks.
public struct TrackerOptions: Hashable, Sendable {
    /// Detections with at least this score, 0…1, are associated first, and only they begin tracks.
    public var highScore: Float
    /// Detections with at least this score, 0…1, and less than `highScore` keep tracks going that no better one continues
    /// (ByteTrack's second association): an object that is half hidden scores low.
    public var lowScore: Float
    /// The IoU of a track's predicted box and a detection from which they may belong together, in the first association.
    public var leastOverlap: Float
    /// The IoU from which detections of low scores may belong to a track; they are less certain.
    public var leastOverlapOfLowScores: Float
    /// In how many frames in a row an object is seen before it is a track with an id. Those of the first frame have one at once.
    public var leastHits: Int
    /// For how many frames a track that is not seen is kept, to be found again.
    public var longestLoss: Double

    /// Options with the thresholds of SORT and ByteTrack, and lost tracks kept for 30 frames, unless said otherwise.
    public init(
        highScore: Float = 0.5, lowScore: Float = 0.1, leastOverlap: Float = 0.3, leastOverlapOfLowScores: Float = 0.5,
        leastHits: Int = 3, longestLoss: Double = 30
    ) {
        precondition(
            lowScore <= highScore && leastOverlap > 0 && leastOverlapOfLowScores > 0 && leastHits > 0
                && longestLoss >= 0,
            """
            TrackerOptions: scores from \(lowScore) and \(highScore), overlaps from \(leastOverlap) and \
            \(leastOverlapOfLowScores), \(leastHits) hits, \(longestLoss) frames of loss
            """)
        self.highScore = highScore
        self.lowScore = lowScore
        self.leastOverlap = leastOverlap
        self.leastOverlapOfLowScores = leastOverlapOfLowScores
        self.leastHits = leastHits
        self.longestLoss = longestLoss
    }
}
