import Foundation
import Support

/// Readers of Kinetics-400 (Kay et al., "The Kinetics Human Action Video Dataset", 2017) in the forms in which it is passed
/// on. All name what is wrong by line, and list the videos that are not there instead of failing.
public enum Kinetics {
    /// Reads DeepMind's CSV: a head with `label`, `youtube_id`, `time_start`, `time_end` and perhaps `split`, then one video a
    /// line. A video is `<id>_<start>_<end>` with six digits for each second, or `<id>`, in `videos` or in a folder in it,
    /// such as that of its class.
    ///
    /// - Parameters:
    ///   - path: The CSV, such as `train.csv`.
    ///   - videos: The folder of the videos.
    ///   - split: The split whose lines are taken, where the file has the column; nil takes all.
    ///   - classNames: The classes and their order; nil takes those of the file in alphabetical order.
    /// - Throws: ``AnnotationError`` for a missing file, folder or column, a line without a value or with an unknown class,
    ///   and a video that stands twice.
    public static func readCSV(
        _ path: String, videos: String, split: String? = nil, classNames: [String]? = nil
    ) throws -> ClipAnnotations {
        let lines = try numberedLines(of: path)
        guard let head = lines.first else {
            throw AnnotationError(file: path, problem: "it is empty", fix: "Take the CSV of the data set's release")
        }
        func cells(_ line: (number: Int, text: Substring)) throws -> [String] {
            guard let fields = fields(of: line.text) else {
                throw AnnotationError(
                    file: path, place: "line \(line.number)", problem: "a quote in it is not closed",
                    fix: "Close it; a quote inside of a quoted value stands twice")
            }
            return fields
        }
        let columns = try cells(head).map { $0.trimmingCharacters(in: .whitespaces) }
        func column(_ name: String) throws -> Int {
            guard let index = columns.firstIndex(of: name) else {
                throw AnnotationError(
                    file: path, place: "line 1", problem: "there is no column \"\(name)\"",
                    fix: "The head reads label,youtube_id,time_start,time_end,split")
            }
            return index
        }
        let label = try column("label"), id = try column("youtube_id")
        let start = try column("time_start"), end = try column("time_end")
        let splitColumn = columns.firstIndex(of: "split")
        var listed: [Listed] = []
        for line in lines.dropFirst() {
            let values = try cells(line)
            guard values.count >= columns.count else {
                throw AnnotationError(
                    file: path, place: "line \(line.number)",
                    problem: "it has \(values.count) values for \(columns.count) columns", fix: "Mend the line")
            }
            if let split, let splitColumn, values[splitColumn] != split { continue }
            guard let from = Int(values[start]), let to = Int(values[end]), !values[id].isEmpty else {
                throw AnnotationError(
                    file: path, place: "line \(line.number)", problem: "it names no video and no whole seconds",
                    fix: "Mend the line")
            }
            let stems = ["\(values[id])_\(sixDigits(from))_\(sixDigits(to))", values[id]]
            listed.append(Listed(line: line.number, stems: stems, className: values[label]))
        }
        return try match(listed, source: path, videos: videos, classNames: classNames)
    }

    /// Reads a list of `path label` lines, or `path frames label` for folders of frames: paths are relative to `videos` and
    /// may hold spaces, labels count from 0.
    ///
    /// - Throws: ``AnnotationError`` for a missing file, a line without a label, a label that is no class, and a path that
    ///   leaves the folder or stands twice.
    public static func readList(_ path: String, videos: String, classNames: [String]) throws -> ClipAnnotations {
        var annotations = ClipAnnotations(source: path, classNames: classNames, clips: [])
        var seen = Set<String>()
        for line in try numberedLines(of: path) {
            func wrong(_ problem: String, _ fix: String) -> AnnotationError {
                AnnotationError(file: path, place: "line \(line.number)", problem: problem, fix: fix)
            }
            var words = line.text.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count >= 2, let label = words.popLast().flatMap({ Int($0) }) else {
                throw wrong("it does not end with a label", "Write a path, a space and the label's number")
            }
            guard classNames.indices.contains(label) else {
                throw wrong("label \(label) is none of the \(classNames.count) classes", "Labels count from 0")
            }
            var frames: Int?
            // A number before the label counts frames, unless it is the whole path.
            if words.count >= 2, let count = words.last.flatMap({ Int($0) }), count > 0 {
                frames = count
                words.removeLast()
            }
            let name = words.joined(separator: " ")
            guard !name.isEmpty, RelativePath.staysInside(name) else {
                throw wrong("\"\(name)\" leaves the folder", "Write paths relative to the folder of videos")
            }
            guard seen.insert(name).inserted else { throw wrong("\"\(name)\" stands twice", "Take one line out") }
            if FileManager.default.fileExists(atPath: videos + "/" + name) {
                annotations.clips.append(ClipRecord(path: name, label: label, frameCount: frames))
            } else {
                annotations.missing.append(name)
            }
        }
        return annotations
    }

    /// Reads a folder with a folder of videos for each class. Videos are in the order of their names, and so are classes
    /// unless `classNames` gives them.
    ///
    /// - Throws: ``AnnotationError`` where there is no such folder, where none is in it, and for one that is not among
    ///   `classNames`.
    public static func readFolders(_ folder: String, classNames: [String]? = nil) throws -> ClipAnnotations {
        let manager = FileManager.default
        guard let entries = try? manager.contentsOfDirectory(atPath: folder) else {
            throw AnnotationError(
                file: folder, problem: "there is no such folder", fix: "Name the folder of the classes")
        }
        if let name = FolderNames.firstUnreadable(in: folder) {
            throw AnnotationError(
                file: folder, problem: "the name \(name) in it is not UTF-8", fix: "Rename it")
        }
        var found: [(name: String, videos: [String])] = []
        for entry in entries.sorted() where !entry.hasPrefix(".") {
            guard let files = try? manager.contentsOfDirectory(atPath: folder + "/" + entry) else { continue }
            found.append((entry, files.filter(VideoFolder.isVideo).sorted()))
        }
        guard !found.isEmpty else {
            throw AnnotationError(
                file: folder, problem: "there are no folders in it", fix: "Put the videos of each class in a folder")
        }
        let names = classNames ?? found.map(\.name)
        let labels = labels(of: names)
        var clips: [ClipRecord] = []
        for (name, videos) in found {
            guard let label = labels[plain(name)] else {
                throw AnnotationError(
                    file: folder, place: name, problem: "it is none of the \(names.count) classes",
                    fix: "Rename the folder, or take it away")
            }
            clips += videos.map { ClipRecord(path: name + "/" + $0, label: label) }
        }
        return ClipAnnotations(source: folder, classNames: names, clips: clips)
    }

    private struct Listed {
        let line: Int
        /// Names under which the video may be found, the best first.
        let stems: [String]
        let className: String
    }

    private static func match(
        _ listed: [Listed], source: String, videos: String, classNames: [String]?
    ) throws -> ClipAnnotations {
        let folder = try VideoFolder(path: videos)
        let names = classNames ?? Set(listed.map(\.className)).sorted()
        let labels = labels(of: names)
        var annotations = ClipAnnotations(source: source, classNames: names, clips: [])
        var seen = Set<String>()
        for video in listed {
            guard let label = labels[plain(video.className)] else {
                throw AnnotationError(
                    file: source, place: "line \(video.line)", problem: "\"\(video.className)\" is none of the classes",
                    fix: "Mend the name, or list the class")
            }
            guard seen.insert(video.stems[0]).inserted else {
                throw AnnotationError(
                    file: source, place: "line \(video.line)", problem: "\(video.stems[0]) stands twice",
                    fix: "Take one of the two lines out")
            }
            let folders = [video.className, video.className.replacingOccurrences(of: " ", with: "_")]
            if let path = video.stems.lazy.compactMap({ folder.find($0, in: folders) }).first {
                annotations.clips.append(ClipRecord(path: path, label: label))
            } else {
                annotations.missing.append(video.stems[0])
            }
        }
        return annotations
    }

    /// Copies of the data set write "riding_a_bike" for "riding a bike".
    private static func plain(_ name: String) -> String { name.replacingOccurrences(of: "_", with: " ") }

    private static func labels(of names: [String]) -> [String: Int] {
        Dictionary(names.enumerated().map { (plain($1), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func sixDigits(_ seconds: Int) -> String {
        let digits = String(seconds)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// The values of a line of CSV (RFC 4180): quotes may enclose a value, and doubled they stand for themselves there. Nil
    /// where a quote is not closed.
    static func fields(of line: some StringProtocol) -> [String]? {
        var fields: [String] = [], field = String.UnicodeScalarView(), quoted = false
        var scalars = line.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            switch scalar {
            case "\"" where quoted && next == "\"":
                field.append(scalar)
                next = scalars.next()
            case "\"" where quoted: quoted = false
            case "\"" where field.isEmpty: quoted = true
            case "," where !quoted:
                fields.append(String(field))
                field = String.UnicodeScalarView()
            default: field.append(scalar)
            }
        }
        return quoted ? nil : fields + [String(field)]
    }
}
