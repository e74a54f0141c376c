/// What a request asks of the network beside its files: the options of `detect` and `recognize` by the same names.
struct Question: Sendable {
    /// The least score of an object, 0…1.
    var threshold: Float = 0.5
    /// The overlap (IoU) from which a better box drops another; nil for the model's own.
    var suppressionThreshold: Double?
    /// The step between frames of a video that are looked at.
    var every = 1
    /// The number of a video's stream; nil for the one that FFmpeg prefers.
    var stream: Int?
    /// The number of classes.
    var top = 5
    /// What the file of a body without a form is called.
    var name = "upload"

    /// - Throws: ``Refusal`` for a parameter that `task` has not, and for a wrong value.
    init(_ target: RequestTarget, task: ServedTask) throws(Refusal) {
        try target.requireOnly(task.parameters)
        if let value = try target.number("threshold", in: 0...1) { threshold = Float(value) }
        suppressionThreshold = try target.number("nms_threshold", in: 0...1)
        if let value = try target.count("every", atLeast: 1) { every = value }
        stream = try target.count("stream", atLeast: 0)
        if let value = try target.count("top", atLeast: 1) { top = value }
        if let value = target.text("name"), !value.isEmpty { name = String(value.prefix(255)) }
    }
}

/// What a served network does, by which its path is called.
package enum ServedTask: String, CaseIterable, Sendable {
    case detect, classify, recognize

    /// Where files are sent to.
    package var path: String { "/" + rawValue }

    /// The parameters that go with it.
    var parameters: [String] {
        switch self {
        case .detect: ["threshold", "nms_threshold", "every", "stream", "name"]
        case .classify: ["top", "name"]
        case .recognize: ["top", "stream", "name"]
        }
    }

    /// What it takes, for a message.
    var takes: String {
        switch self {
        case .detect: "JPEG, PNG or a video"
        case .classify: "JPEG or PNG"
        case .recognize: "a video"
        }
    }
}
