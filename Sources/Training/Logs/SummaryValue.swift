/// Something that TensorBoard shows under a name, as it is at one step of a run.
public struct SummaryValue: Hashable, Sendable {
    /// What there is to show.
    public enum Content: Hashable, Sendable {
        /// A number, a point of a line over the steps. TensorBoard keeps seven digits of it.
        case scalar(Double)
        /// A picture as the bytes of a JPEG or PNG, with its size in pixels.
        case image(encoded: [UInt8], width: Int, height: Int)
        /// A text that is shown as it is, in a font of fixed width.
        case text(String)
        /// A curve of precision against recall.
        case precisionRecall(PrecisionRecallCounts)
    }

    /// Counts at score thresholds that go from 0 to 1 in equal steps, the lowest first. All lists are of the same length, at
    /// least 2.
    public struct PrecisionRecallCounts: Hashable, Sendable {
        /// Right detections of the threshold's score or a higher one.
        public var right: [Int]
        /// Wrong detections of the threshold's score or a higher one.
        public var wrong: [Int]
        /// Objects that no such detection found.
        public var missed: [Int]

        /// Counts at thresholds. Lists of different lengths trap.
        public init(right: [Int], wrong: [Int], missed: [Int]) {
            precondition(
                right.count >= 2 && wrong.count == right.count && missed.count == right.count,
                "PrecisionRecallCounts: \(right.count) right, \(wrong.count) wrong, \(missed.count) missed")
            (self.right, self.wrong, self.missed) = (right, wrong, missed)
        }
    }

    /// The name. What stands before its first slash is the group that it is shown in.
    public var tag: String
    /// What is shown.
    public var content: Content

    /// A value under a name.
    public init(_ tag: String, _ content: Content) {
        self.tag = tag
        self.content = content
    }

    /// The message `Summary.Value` of TensorBoard's summary.proto.
    var message: ProtobufMessage {
        var value = ProtobufMessage()
        value.add(1, text: tag)
        switch content {
        case .scalar(let number):
            value.add(2, float: Float(number))
        case .image(let encoded, let width, let height):
            var image = ProtobufMessage()
            image.add(1, integer: Int64(height))
            image.add(2, integer: Int64(width))
            // The number of channels, which are RGB.
            image.add(3, integer: 3)
            image.add(4, bytes: encoded)
            value.add(4, message: image)
        case .text(let text):
            value.add(8, message: Self.tensor(of: Self.markdown(verbatim: text)))
            value.add(9, message: Self.metadata(plugin: "text", ProtobufMessage()))
        case .precisionRecall(let counts):
            value.add(8, message: Self.tensor(of: counts.rows))
            var data = ProtobufMessage()
            data.add(2, integer: Int64(counts.right.count))
            value.add(9, message: Self.metadata(plugin: "pr_curves", data))
        }
        return value
    }

    /// The text as Markdown that shows it as it is: each line is set in by four spaces.
    private static func markdown(verbatim text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.joined(separator: "\n")
    }

    /// The message `SummaryMetadata`: which part of TensorBoard shows the value, with that part's own message.
    private static func metadata(plugin: String, _ content: ProtobufMessage) -> ProtobufMessage {
        var data = ProtobufMessage()
        data.add(1, text: plugin)
        data.add(2, message: content)
        var metadata = ProtobufMessage()
        metadata.add(1, message: data)
        return metadata
    }

    /// The message `TensorProto` of one text.
    private static func tensor(of text: String) -> ProtobufMessage {
        var tensor = ProtobufMessage()
        tensor.add(1, integer: 7)  // DT_STRING
        tensor.add(2, message: shape([1]))
        tensor.add(8, text: text)
        return tensor
    }

    /// The message `TensorProto` of rows of numbers, which are equally long.
    private static func tensor(of rows: [[Float]]) -> ProtobufMessage {
        var tensor = ProtobufMessage()
        tensor.add(1, integer: 1)  // DT_FLOAT
        tensor.add(2, message: shape([rows.count, rows[0].count]))
        tensor.add(5, packed: rows.flatMap { $0 })
        return tensor
    }

    private static func shape(_ sizes: [Int]) -> ProtobufMessage {
        var shape = ProtobufMessage()
        for size in sizes {
            var dimension = ProtobufMessage()
            dimension.add(1, integer: Int64(size))
            shape.add(2, message: dimension)
        }
        return shape
    }
}

extension SummaryValue.PrecisionRecallCounts {
    /// The rows that TensorBoard's plugin pr_curves takes: true positives, false positives, true negatives, false negatives,
    /// precision, recall. A detector has no true negatives to count.
    fileprivate var rows: [[Float]] {
        func share(_ part: Int, of other: Int) -> Float { part == 0 ? 0 : Float(part) / Float(part + other) }
        return [
            right.map(Float.init), wrong.map(Float.init), right.map { _ in 0 }, missed.map(Float.init),
            zip(right, wrong).map { share($0, of: $1) }, zip(right, missed).map { share($0, of: $1) },
        ]
    }
}
