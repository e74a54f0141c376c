import ArgumentParser

/// How `detect` follows objects over the frames of a video.
package struct TrackingOptions: ParsableArguments {
    @Flag(
        help: """
            Follow objects over the frames of a video (SORT, with ByteTrack's second association): detections get the number \
            of their track, by which they are coloured.
            """)
    package var track = false
    @Option(help: "The lowest score, 0…1, of a detection that goes on with a track; --threshold begins one.")
    package var trackLow: Float = 0.1
    @Option(help: "The least IoU of a track's expected box and a detection that goes on with it, above 0, up to 1.")
    package var trackOverlap: Float = 0.3
    @Option(help: "In how many frames in a row an object is seen before it has a number.") package var trackHits = 3
    @Option(help: "For how many frames an object that is not seen keeps its number.") package var trackKeep = 30

    package func validate() throws {
        guard (0...1).contains(trackLow) else {
            throw ValidationError("--track-low is \(trackLow); it must be in 0…1.")
        }
        guard trackOverlap > 0, trackOverlap <= 1 else {
            throw ValidationError("--track-overlap is \(trackOverlap); it must be above 0 and at most 1.")
        }
        guard trackHits > 0 else { throw ValidationError("--track-hits is \(trackHits); it must be above 0.") }
        guard trackKeep >= 0 else { throw ValidationError("--track-keep is \(trackKeep); it must not be below 0.") }
    }

    package init() {}
}

/// The option `--container`, of the commands that draw videos.
package struct DrawnContainerOption: ParsableArguments {
    /// The kinds of file, each the ending of its name.
    package enum Kind: String, CaseIterable, Sendable, ExpressibleByArgument { case mp4, mkv }

    @Option(
        help: "The kind of file that drawn videos are: mp4, or mkv (Matroska), which takes nearly every kind of sound.")
    package var container = Kind.mp4

    package init() {}
}
