import Foundation

/// The pictures in a folder that are the frames of one video, in the order of their numbers. A frame's number is the last
/// one in its name: `img_00012.jpg` is frame 12 of the series `img_`, and `2.jpg` comes before `10.jpg`.
package struct FrameSeries: Hashable, Sendable {
    /// Endings of the names of frames, in small letters.
    package static let endings: Set<String> = ["jpg", "jpeg", "png"]
    /// The series that is taken of several, unless another one is asked for: where colours and flow lie in one folder, as
    /// mmaction2 and TSN write them, these are the colours.
    package static let usualPrefix = "img_"

    /// The names of the frames, in order.
    package let names: [String]
    /// How many frames seem to be missing between the first and the last, by the steps between their numbers.
    package let lacking: Int

    /// Why pictures are not the frames of one video.
    package enum Fault: Error, Hashable {
        /// Names of several series, and none was asked for that is among them: what the names of each begin with, and
        /// how many there are.
        case several([String: Int])
        /// Two pictures are the same frame.
        case twice(String, String)
    }

    /// Whether a file's name is that of a picture that may be a frame. Hidden files are none.
    package static func isFrame(_ name: String) -> Bool {
        !name.hasPrefix(".") && endings.contains((name as NSString).pathExtension.lowercased())
    }

    /// The series among the names of a folder's files; empty where none is a picture.
    ///
    /// - Parameter prefix: What the names of the frames begin with; nil takes `img_`, or the only series. Pictures without
    ///   a number are frames only where none has one; then they are in the order of their names.
    package init(of files: [String], prefix: String? = nil) throws(Fault) {
        let pictures = files.filter(Self.isFrame).map(Numbered.init)
        let numbered = pictures.filter { !$0.number.isEmpty }
        guard !numbered.isEmpty else {
            names = pictures.map(\.name).filter { $0.hasPrefix(prefix ?? "") }.sorted()
            lacking = 0
            return
        }
        let series = Dictionary(grouping: numbered, by: \.around)
        let wanted = prefix ?? (series.count == 1 ? nil : Self.usualPrefix)
        let found = wanted.map { wanted in series.filter { $0.key.prefix == wanted } } ?? series
        guard found.count == 1, let frames = found.first?.value.sorted() else {
            throw .several(Dictionary(series.map { ($0.key.text, $0.value.count) }, uniquingKeysWith: +))
        }
        if let place = frames.indices.dropFirst().first(where: { frames[$0].number == frames[$0 - 1].number }) {
            throw .twice(frames[place - 1].name, frames[place].name)
        }
        names = frames.map(\.name)
        lacking = Self.lacking(frames.compactMap { Double($0.number) })
    }

    /// What a frame's name begins with before its number; the name without its ending where it has none.
    package static func prefix(of name: String) -> String { Numbered(name).around.prefix }

    /// How many numbers are left out of an ascending series whose usual step is the median of its steps: every fifth frame
    /// of a video lacks nothing.
    private static func lacking(_ numbers: [Double]) -> Int {
        let steps = zip(numbers.dropFirst(), numbers).map { $0 - $1 }
        guard !steps.isEmpty else { return 0 }
        let usual = steps.sorted()[(steps.count - 1) / 2]
        let left = steps.reduce(0) { $0 + max(0, ($1 / usual).rounded() - 1) }
        return Int(exactly: min(left, 1e9)) ?? 0
    }

    /// A name taken apart at its last number.
    private struct Numbered: Comparable {
        struct Around: Hashable {
            let prefix: String
            let suffix: String

            /// The prefix, or the whole pattern where something follows the number.
            var text: String { suffix.isEmpty ? prefix : prefix + "#" + suffix }
        }

        let name: String
        let around: Around
        /// The digits without the zeros in front, "0" for zero; empty where the name has no number.
        let number: String

        init(_ name: String) {
            self.name = name
            let stem = Array((name as NSString).deletingPathExtension.unicodeScalars)
            func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
            let end = stem.lastIndex(where: isDigit).map { $0 + 1 } ?? 0
            let start = stem[..<end].lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
            func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
                var view = String.UnicodeScalarView()
                view.append(contentsOf: scalars)
                return String(view)
            }
            guard end > 0 else {
                around = Around(prefix: text(stem[...]), suffix: "")
                number = ""
                return
            }
            around = Around(prefix: text(stem[..<start]), suffix: text(stem[end...]))
            let digits = text(stem[start..<end].drop { $0 == "0" })
            number = digits.isEmpty ? "0" : digits
        }

        /// By number, however long it is.
        static func < (a: Numbered, b: Numbered) -> Bool {
            (a.number.utf8.count, a.number, a.name) < (b.number.utf8.count, b.number, b.name)
        }
    }
}

extension FrameSeries.Fault: CustomStringConvertible {
    /// What is wrong, as a part of a sentence.
    package var description: String {
        switch self {
        case .several(let series):
            let parts = series.sorted { $0.key < $1.key }.map { "\"\($0.key)\" (\($0.value))" }
            return "its pictures begin with " + parts.prefix(6).joined(separator: ", ")
                + (parts.count > 6 ? " and \(parts.count - 6) more" : "")
        case .twice(let a, let b): return "\(a) and \(b) have the same number"
        }
    }
}
