import Foundation

/// The findings of the dataset doctor, the most serious first.
public struct DoctorReport: Hashable, Sendable, Codable {
    /// How much a finding matters.
    public enum Severity: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
        /// Training or evaluation would be affected.
        case error
        /// Probably a mistake, but training can use it.
        case warning
        /// Good to know.
        case note

        /// Orders severities, the most serious first.
        public static func < (a: Severity, b: Severity) -> Bool {
            let order: [Severity] = [.error, .warning, .note]
            return order.firstIndex(of: a) ?? 0 < order.firstIndex(of: b) ?? 0
        }
    }

    /// One mistake in one place.
    public struct Finding: Hashable, Sendable, Codable {
        /// What is wrong.
        public var kind: FindingKind
        /// How much it matters.
        public var severity: Severity
        /// The annotation file or picture.
        public var file: String
        /// The record, element or line in the file; empty if the finding is about the whole file.
        public var record: String
        /// What is wrong there, for a person.
        public var problem: String
        /// What a person can do.
        public var advice: String
    }

    /// The annotation file, or the folder.
    public var source: String
    /// The folder of the pictures.
    public var imageFolder: String
    /// Number of images that the annotations list.
    public var imageCount: Int
    /// Number of objects that the annotations list.
    public var objectCount: Int
    /// Number of objects of every class, in the order of the labels.
    public var classes: [ClassCount]
    /// Number of pictures that were opened; 0 if they were not examined.
    public var picturesChecked: Int
    /// Whether training refuses damaged pictures, so that one of them would stop it.
    public var refusesDamagedImages = true
    /// Number of findings of each kind, by the kind's name.
    public var counts: [String: Int]
    /// The findings by severity and kind, at most `findingsKept` of one kind.
    public var findings: [Finding]

    /// A class with the number of its objects.
    public struct ClassCount: Hashable, Sendable, Codable {
        /// The class's name.
        public var name: String
        /// Number of its annotated objects.
        public var objects: Int
    }

    static let findingsKept = 1000

    init(source: String, imageFolder: String) {
        self.source = source
        self.imageFolder = imageFolder
        imageCount = 0
        objectCount = 0
        classes = []
        picturesChecked = 0
        counts = [:]
        findings = []
    }

    /// Whether anything of severity `error` was found, or a damaged picture that training refuses.
    public var affectsTraining: Bool {
        count(of: .error) > 0 || refusesDamagedImages && count(of: .damagedImage) > 0
    }

    /// Number of findings of a kind.
    public func count(of kind: FindingKind) -> Int { counts[kind.rawValue] ?? 0 }

    /// Number of findings of a severity.
    public func count(of severity: Severity) -> Int {
        FindingKind.allCases.filter { $0.severity == severity }.reduce(0) { $0 + count(of: $1) }
    }

    package mutating func add(
        _ kind: FindingKind, file: String, record: String = "", _ problem: String, advice: String? = nil
    ) {
        let before = counts[kind.rawValue, default: 0]
        counts[kind.rawValue] = before + 1
        guard before < Self.findingsKept else { return }
        findings.append(
            Finding(
                kind: kind, severity: kind.severity, file: file, record: record, problem: problem,
                advice: advice ?? kind.advice))
    }

    /// Adds the findings and counts of another report on the same data.
    mutating func merge(_ other: DoctorReport) {
        imageCount += other.imageCount
        objectCount += other.objectCount
        picturesChecked += other.picturesChecked
        for (kind, count) in other.counts { counts[kind, default: 0] += count }
        findings += other.findings
    }

    /// Sorts findings by severity and kind, and keeps the order within a kind.
    mutating func arrange() {
        let places = Dictionary(
            FindingKind.allCases.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        findings = findings.enumerated().sorted { a, b in
            let kinds = (places[a.element.kind] ?? 0, places[b.element.kind] ?? 0)
            if a.element.severity != b.element.severity { return a.element.severity < b.element.severity }
            return kinds.0 != kinds.1 ? kinds.0 < kinds.1 : a.offset < b.offset
        }.map(\.element)
    }

    /// A path without the folder that the report has named already.
    private func shortened(_ file: String) -> String {
        if file == source { return "" }
        for folder in [source, imageFolder] where file.hasPrefix(folder + "/") {
            return String(file.dropFirst(folder.count + 1))
        }
        return file
    }

    /// Text for a terminal: what was examined, then each kind of finding with its count, its first places and what to do.
    public func summary(placesShown: Int = 5) -> String {
        var lines = [
            "\(source)",
            "  \(imageCount) \(imageCount == 1 ? "image" : "images"), \(objectCount) "
                + "\(objectCount == 1 ? "object" : "objects"), "
                + (picturesChecked > 0 ? "\(picturesChecked) pictures opened" : "pictures not opened"),
        ]
        if !classes.isEmpty {
            let shown = classes.prefix(12).map { "\($0.name) \($0.objects)" }.joined(separator: ", ")
            let rest = classes.count > 12 ? ", and \(classes.count - 12) more classes" : ""
            lines.append("  objects by class: \(shown)\(rest)")
        }
        for kind in FindingKind.allCases.sorted(by: { $0.severity < $1.severity }) {
            let total = count(of: kind)
            if total == 0 { continue }
            let of = findings.filter { $0.kind == kind }
            lines += ["", "\(kind.severity.rawValue): \(kind.title) (\(total))"]
            for finding in of.prefix(placesShown) {
                let file = shortened(finding.file)
                let place = [file, finding.record].filter { !$0.isEmpty }.joined(separator: ", ")
                lines.append("  \(place.isEmpty ? "" : place + ": ")\(finding.problem)")
            }
            if total > placesShown { lines.append("  … and \(total - min(placesShown, of.count)) more") }
            for advice in Set(of.map(\.advice)).sorted() { lines.append("  → \(advice).") }
        }
        let totals = Severity.allCases.map { severity in
            let count = count(of: severity)
            return "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
        }.joined(separator: ", ")
        let verdict =
            counts.isEmpty
            ? "Nothing is wrong."
            : affectsTraining ? "\(totals): training would be affected." : "\(totals): none of them stops training."
        return (lines + ["", verdict]).joined(separator: "\n")
    }
}
