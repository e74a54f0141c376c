import Annotations
import DataPipeline
import Media

/// Which videos of a part of a data set are there and can be read.
package struct ClipInventory: Encodable, Sendable {
    /// The file or folder that lists them.
    package let source: String
    /// Number of videos that it lists.
    package let listed: Int
    package let readable: Int
    /// Frames of all readable videos together; a video that is listed twice counts once.
    package let frames: Int
    /// Hours that the readable videos last together; nil unless all of them say how long they last.
    package let hours: Double?
    /// Names of listed videos that are not there.
    package let missing: [String]
    package let unreadable: [UnreadableVideo]
    /// What else is odd, in sentences that name the video: frames that are missing in between, and numbers of frames that
    /// the list gives otherwise.
    package let findings: [String]
    /// Indices of the unreadable videos among the annotations' clips.
    let leftOut: Set<Int>
    /// The orders of frames that only decoding tells, by the videos' indices among the annotations' clips.
    let orders: [Int: VideoOrder]

    enum CodingKeys: String, CodingKey { case source, listed, readable, frames, hours, missing, unreadable, findings }

    init(_ part: ClipPart, index: ClipIndex) {
        let annotations = part.annotations
        var frames = 0, seconds: Double? = 0, unreadable: [UnreadableVideo] = [], leftOut: Set<Int> = []
        var findings: [String] = [], seen: Set<String> = [], orders: [Int: VideoOrder] = [:]
        for (number, path) in part.paths(from: index.root).enumerated() {
            let isNew = seen.insert(path).inserted, listed = annotations.clips[number].frameCount
            orders[number] = index.entries[path]?.order
            switch index.entries[path]?.content {
            case .frames(let count, let rate, let lacking)?:
                // A folder that was copied in part would train like any other.
                if let listed, count < listed, rate == nil {
                    unreadable.append(
                        .init(
                            path: part.path(of: number), reason: "it holds \(count) frames, and the list says \(listed)"
                        ))
                    leftOut.insert(number)
                    continue
                }
                guard isNew else { continue }
                frames += count
                seconds = seconds.flatMap { sum in rate.map { sum + Double(count) / $0 } }
                if let listed, listed != count {
                    findings.append("\(part.path(of: number)): it holds \(count) frames, and the list says \(listed)")
                }
                if lacking > 0 {
                    findings.append(
                        "\(part.path(of: number)): by the numbers of its frames, \(lacking) are missing in between")
                }
            case .unreadable(let reason)?:
                unreadable.append(.init(path: part.path(of: number), reason: reason))
                leftOut.insert(number)
            case nil: preconditionFailure("ClipInventory: \(path) is not in the index")
            }
        }
        if seen.count < annotations.clips.count {
            findings.append(
                "\(annotations.source): \(annotations.clips.count - seen.count) of its lines name a video again; each counts"
            )
        }
        source = annotations.source
        listed = annotations.listedCount
        readable = annotations.clips.count - leftOut.count
        self.frames = frames
        hours = readable > 0 ? seconds.map { $0 / 3600 } : nil
        missing = annotations.missing
        self.unreadable = unreadable
        self.findings = findings
        self.leftOut = leftOut
        self.orders = orders
    }
}

/// A video that is there and can't be read.
public struct UnreadableVideo: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The video's file.
    public let path: String
    /// Why it can't be read, in a sentence.
    public let reason: String

    /// The file, then the reason.
    public var description: String { "\(path): \(reason)" }
}

extension ClipInventory {
    /// "12 of the 14 videos listed: 1 missing, 1 unreadable".
    static func size(_ count: Int, listed: Int, missing: Int, unreadable: Int) -> String {
        let lacking = lacking(missing: missing, unreadable: unreadable)
        return "\(count) of the \(listed) videos listed" + (lacking.isEmpty ? "" : ": \(lacking)")
    }

    private static func lacking(missing: Int, unreadable: Int) -> String {
        [(missing, "missing"), (unreadable, "unreadable")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
            .joined(separator: ", ")
    }

    /// A clause about lacking videos, such as ", of 14 listed: 1 missing, 1 unreadable"; empty if none lacks.
    var shortfall: String {
        readable == listed
            ? "" : ", of \(listed) listed: " + Self.lacking(missing: missing.count, unreadable: unreadable.count)
    }

    /// Lines that tell a person about missing and unreadable videos.
    var notes: [String] {
        var notes: [String] = []
        if let first = missing.first {
            notes.append("\(missing.count) of the \(listed) videos of \(source) are missing; the first: \(first)")
        }
        if let first = unreadable.first {
            notes.append(
                "\(unreadable.count) of the \(listed) videos of \(source) can't be read and are left out; the first: \(first)"
            )
        }
        return notes + findingNotes
    }

    /// A line that tells a person about the findings.
    var findingNotes: [String] {
        guard let first = findings.first else { return [] }
        return findings.count == 1
            ? [first] : ["\(findings.count) findings in the videos of \(source); the first: \(first)"]
    }

    /// Text for a person: the part's size, then the first `placesShown` missing and unreadable videos.
    package func text(placesShown: Int) -> String {
        let size = Self.size(readable, listed: listed, missing: missing.count, unreadable: unreadable.count)
        let length =
            hours.map { ", " + ($0 < 1 ? String(format: "%.1f minutes", $0 * 60) : String(format: "%.1f hours", $0)) }
            ?? ""
        var lines = ["\(source): \(size); \(frames) frames\(length)"]
        for (kind, places) in [
            ("missing", missing), ("unreadable", unreadable.map(\.description)), ("finding", findings),
        ] {
            lines += places.prefix(placesShown).map { "  \(kind): \($0)" }
            if places.count > placesShown { lines.append("  \(kind): \(places.count - placesShown) more") }
        }
        return lines.joined(separator: "\n")
    }
}
