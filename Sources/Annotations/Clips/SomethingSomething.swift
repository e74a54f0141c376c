import Foundation
import Support

/// A reader of Something-Something-v2 (Goyal et al., "The 'something something' video database for learning and evaluating
/// visual common sense", 2017).
public enum SomethingSomething {
    /// Reads one of the release's JSON files, such as `train.json`: records of `id` and `template`, whose classes are in
    /// `labels` (`labels.json`, template without brackets → number as text). Videos are `<id>.webm` in `videos`, any other
    /// kind of video of that name, or a folder of frames `<id>`.
    ///
    /// - Parameters:
    ///   - path: The records, such as `train.json`.
    ///   - labels: The numbers of the classes, `labels.json`.
    ///   - videos: The folder of the videos.
    /// - Throws: ``AnnotationError`` for a missing or malformed file, a record without a class or with an unknown one, and an
    ///   id that stands twice.
    public static func read(_ path: String, labels: String, videos: String) throws -> ClipAnnotations {
        let names = try classNames(labels)
        let numbers = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let records = try decode([Record].self, path, "a list of records, each with \"id\" and \"template\"")
        let folder = try VideoFolder(path: videos)
        var annotations = ClipAnnotations(source: path, classNames: names, clips: [])
        var seen = Set<String>()
        for (index, record) in records.enumerated() {
            func wrong(_ problem: String, _ fix: String) -> AnnotationError {
                AnnotationError(file: path, place: "record \(index + 1) (id \(record.id))", problem: problem, fix: fix)
            }
            guard let template = record.template else {
                throw wrong("it has no template", "Test records have no class; read train or validation")
            }
            let name = String(template.filter { $0 != "[" && $0 != "]" })
            guard let label = numbers[name] else {
                throw wrong("\"\(name)\" is not in \(labels)", "Take both files from the same release")
            }
            guard seen.insert(record.id).inserted else { throw wrong("its id stands twice", "Take one of them out") }
            if let video = folder.find(record.id, in: []) {
                annotations.clips.append(ClipRecord(path: video, label: label))
            } else {
                annotations.missing.append(record.id)
            }
        }
        return annotations
    }

    /// The classes of `labels.json` in the order of their numbers, which must run from 0 without a gap.
    ///
    /// - Throws: ``AnnotationError`` for a missing or malformed file, and for a gap in the numbers.
    public static func classNames(_ path: String) throws -> [String] {
        let numbers = try decode([String: String].self, path, "an object of templates and numbers")
        var names = [String?](repeating: nil, count: numbers.count)
        for (name, number) in numbers {
            guard let index = Int(number), names.indices.contains(index), names[index] == nil else {
                throw AnnotationError(
                    file: path, place: name, problem: "its number is \"\(number)\"",
                    fix: "Numbers run from 0 to \(numbers.count - 1), each once")
            }
            names[index] = name
        }
        return names.compactMap { $0 }
    }

    private struct Record: Decodable {
        let id: String
        let template: String?
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ path: String, _ expected: String) throws -> T {
        let text: String
        do {
            text = try TextFile.read(path)
        } catch {
            throw AnnotationError(error)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw AnnotationError(file: path, problem: "it is not \(expected)", fix: "Take the file of the release")
        }
    }
}
