import Media

/// How much a server takes on at a time, and how long it waits for whom.
package struct ServerLimits: Hashable, Sendable {
    /// The most bytes of a request's body.
    package var uploadBytes = 64 << 20
    /// The most bytes of all bodies together that are held in memory.
    package var heldBytes = 256 << 20
    /// The most requests for the network that are taken on and not answered yet; more are refused with 503.
    package var requests = 64
    /// The most connections at a time; more are refused with 503.
    package var connections = 256
    /// The most files of one request.
    package var files = 32
    /// How much a picture may ask for.
    package var pictures = DecodeLimits(maxPixels: 50_000_000)
    /// How large a video may be.
    package var videos = VideoLimits(maxPixels: 50_000_000, maxFrames: 10_000)
    /// Seconds from a connection's opening, or from the last answer on it, until the head of the next request is there.
    package var headSeconds = 20.0
    /// Seconds that a request's body may take.
    package var bodySeconds = 60.0
    /// Seconds until a client has taken its answer.
    package var answerSeconds = 60.0

    /// The limits unless said otherwise.
    package init() {}
}
