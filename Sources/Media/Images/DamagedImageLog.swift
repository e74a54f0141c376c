import Synchronization

/// The damaged images that ``DamagedImages/accept`` let through, as decoders on any thread tell of them.
public final class DamagedImageLog: Sendable {
    private let warnings = Mutex<[String: MediaWarning]>([:])

    /// A log without entries.
    public init() {}

    /// Keeps a warning of damage, the first of each file. What is irregular but whole is left out.
    public func add(_ warning: MediaWarning) {
        guard warning.kind != .irregular else { return }
        warnings.withLock { if $0[warning.name] == nil { $0[warning.name] = warning } }
    }

    /// One warning for each file, in the order of the files' names.
    public var images: [MediaWarning] { warnings.withLock { $0.values.sorted { $0.name < $1.name } } }
}

extension DecodeOptions {
    /// Options that differ from the usual ones in what becomes of damaged images, and that tell `log` of those.
    package init(_ damagedImages: DamagedImages, telling log: DamagedImageLog) {
        self.init(damagedImages: damagedImages, onWarning: log.add)
    }
}

extension [MediaWarning] {
    /// How many damaged images were accepted, and the first of them with what is wrong; nil when there are none.
    package var damageSummary: String? {
        guard !isEmpty else { return nil }
        let shown = prefix(Self.mostShown).map { "\n  \($0)" }.joined()
        let more = count > Self.mostShown ? "\n  … and \(count - Self.mostShown) more" : ""
        return "\(count) damaged \(count == 1 ? "image was" : "images were") accepted:\(shown)\(more)"
    }

    private static var mostShown: Int { 5 }
}
