import Media

/// An index of frames as a text: its title with a checksum of all that follows, the names of the columns, and a line of
/// values with tabs between them for each video, in ascending order of their paths.
package enum ClipIndexText {
    /// Why a text gives no entries.
    package enum Fault: Error, Hashable {
        /// The text is something else than an index of frames.
        case foreign
        /// The index can't be used, and why.
        case damaged(String)
    }

    private static let title = "vertebra frames index "
    private static let version = "2"
    private static let columns = [
        "video", "frames", "frames a second", "bytes", "modified", "first frame", "its bytes", "its time", "problem",
        "order",
    ]

    private static let tab = UInt8(ascii: "\t"), newline = UInt8(ascii: "\n")

    /// The text of the entries; what is only known for now is left out.
    static func write(_ entries: [String: ClipIndexEntry]) -> String {
        var lines = [columns.joined(separator: "\t")]
        for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
            guard let stamp = entry.stamp else { continue }
            var frames = "", rate = "", problem = ""
            switch entry.content {
            case .frames(let count, let perSecond):
                frames = String(count)
                rate = perSecond.map { String($0) } ?? ""
            case .unreadable(let reason): problem = escaped(reason)
            }
            let first = stamp.firstFrame
            lines.append(
                [
                    escaped(path), frames, rate, String(stamp.video.bytes), String(stamp.video.modified),
                    first.map { escaped($0.name) } ?? "", first.map { String($0.file.bytes) } ?? "",
                    first.map { String($0.file.modified) } ?? "", problem,
                    entry.order?.text ?? "",
                ].joined(separator: "\t"))
        }
        return sealed(lines.joined(separator: "\n") + "\n")
    }

    static func read(_ bytes: [UInt8]) throws(Fault) -> [String: ClipIndexEntry] {
        guard !bytes.isEmpty else { throw .damaged("it is empty") }
        guard bytes.starts(with: title.utf8) else { throw .foreign }
        guard let end = bytes.firstIndex(of: newline) else { throw .damaged("it ends in its first line") }
        let body = bytes[(end + 1)...]
        guard bytes[..<end].starts(with: (title + version + "\t").utf8) else {
            throw .damaged("it is of another version")
        }
        guard bytes[..<end].elementsEqual(head(of: body).utf8) else {
            throw .damaged("its lines are not those that its checksum was made of")
        }
        var entries: [String: ClipIndexEntry] = [:]
        var lines = body.split(separator: newline, omittingEmptySubsequences: false)[...]
        guard lines.popFirst().map({ $0.elementsEqual(columns.joined(separator: "\t").utf8) }) ?? false,
            lines.popLast()?.isEmpty ?? false
        else { throw .damaged("its columns are others") }
        entries.reserveCapacity(lines.count)
        for (number, line) in lines.enumerated() {
            guard let (path, entry) = entry(line), entries.updateValue(entry, forKey: path) == nil else {
                throw .damaged("line \(number + 3) makes no sense")
            }
        }
        return entries
    }

    /// Lines under the title and their checksum.
    package static func sealed(_ lines: String) -> String { head(of: Array(lines.utf8)[...]) + "\n" + lines }

    private static func head(of lines: ArraySlice<UInt8>) -> String {
        // FNV-1a (Fowler, Noll, Vo): any change of one byte changes it.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in lines { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return title + version + "\t" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func entry(_ line: ArraySlice<UInt8>) -> (path: String, entry: ClipIndexEntry)? {
        let values = line.split(separator: tab, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard values.count == columns.count, let path = unescaped(values[0]), !path.isEmpty,
            let video = file(values[3], values[4])
        else { return nil }
        var stamp = ClipStamp(video: video)
        if !values[5].isEmpty {
            guard let name = unescaped(values[5]), let file = file(values[6], values[7]) else { return nil }
            stamp.firstFrame = .init(name: name, file: file)
        }
        if !values[8].isEmpty {
            guard let reason = unescaped(values[8]), values[1].isEmpty, values[9].isEmpty else { return nil }
            return (path, ClipIndexEntry(content: .unreadable(reason), stamp: stamp))
        }
        guard let frames = Int(values[1]), frames > 0 else { return nil }
        let rate = Double(values[2])
        guard values[2].isEmpty || rate.map({ $0.isFinite && $0 > 0 }) ?? false else { return nil }
        let order = VideoOrder(text: values[9])
        guard values[9].isEmpty || order?.packets.count == frames else { return nil }
        return (path, ClipIndexEntry(content: .frames(frames, rate: rate), stamp: stamp, order: order))
    }

    private static func file(_ bytes: String, _ modified: String) -> ClipStamp.File? {
        guard let bytes = Int(bytes), bytes >= 0, let modified = Int(modified) else { return nil }
        return .init(bytes: bytes, modified: modified)
    }

    private static let escapes: [(character: Character, code: Character)] = [
        ("\\", "\\"), ("\t", "t"), ("\n", "n"), ("\r", "r"),
    ]

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 < UInt8(ascii: " ") }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let escape = escapes.first(where: { $0.character.unicodeScalars.elementsEqual([scalar]) }) {
                result.append("\\")
                result.append(contentsOf: escape.code.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static func unescaped(_ text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        var result = String.UnicodeScalarView()
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "\\" else {
                result.append(scalar)
                continue
            }
            guard let code = scalars.next(),
                let escape = escapes.first(where: { $0.code.unicodeScalars.elementsEqual([code]) })
            else { return nil }
            result.append(contentsOf: escape.character.unicodeScalars)
        }
        return String(result)
    }
}
