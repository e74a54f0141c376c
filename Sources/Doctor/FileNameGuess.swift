import Annotations
import Foundation

/// A change of file names by which pictures are found that are missing under their own names.
struct FileNameGuess: Hashable {
    var decodesPercent = false
    var readsBackslashes = false
    /// What is taken off the names' beginning, and what is put there.
    var from = ""
    var to = ""

    /// The change in a recipe's keys and in the options of `data check`.
    var words: String {
        var keys: [String] = []
        var options: [String] = []
        if decodesPercent {
            keys.append("data.path_percent: true")
            options.append("--path-percent")
        }
        if readsBackslashes {
            keys.append("data.path_backslashes: true")
            options.append("--path-backslashes")
        }
        if !from.isEmpty || !to.isEmpty {
            keys.append("data.path_prefix: {from: '\(from)', to: '\(to)'}")
            options.append("--path-prefix '\(from)=\(to)'")
        }
        return "\(keys.joined(separator: ", ")) (\(options.joined(separator: " ")))"
    }

    /// The changes that find pictures in a folder, the one that finds most first, with how many it finds and the first of them
    /// as it was and as it is.
    static func guesses(
        for names: [String], in folder: String
    ) -> [(guess: FileNameGuess, count: Int, before: String, after: String)] {
        let files = FileManager.default
        func isFile(_ path: String) -> Bool {
            var isFolder: ObjCBool = false
            return RelativePath.staysInside(path) && !path.isEmpty
                && files.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder) && !isFolder.boolValue
        }
        let subfolders = ((try? files.contentsOfDirectory(atPath: folder)) ?? []).sorted().filter { name in
            var isFolder: ObjCBool = false
            return files.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder) && isFolder.boolValue
        }
        var found: [FileNameGuess: (count: Int, before: String, after: String)] = [:]
        for name in names {
            guard let (guess, path) = guess(for: name, subfolders: subfolders, isFile: isFile) else { continue }
            found[guess, default: (0, name, path)].count += 1
        }
        return found.map { ($0.key, $0.value.count, $0.value.before, $0.value.after) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.before < $1.before }
    }

    /// The least change that finds a picture, and its path then: other characters first, then another beginning.
    private static func guess(
        for name: String, subfolders: [String], isFile: (String) -> Bool
    ) -> (FileNameGuess, String)? {
        // A rule that finds nothing to change in this name is left out.
        let guesses = [(false, false), (true, false), (false, true), (true, true)].filter { percent, backslashes in
            (!percent || name.contains("%")) && (!backslashes || name.contains("\\") || name.contains("%5C"))
        }.map { FileNameGuess(decodesPercent: $0, readsBackslashes: $1) }
        let paths = guesses.map {
            FileNameMap(decodesPercent: $0.decodesPercent, readsBackslashes: $0.readsBackslashes).path(of: name)
        }
        for (guess, path) in zip(guesses, paths) where path != name && isFile(path) { return (guess, path) }
        for (var guess, path) in zip(guesses, paths) {
            var rest = Substring(path)
            while true {
                guess.from = String(path[..<rest.startIndex])
                guess.to = ""
                if !guess.from.isEmpty, isFile(String(rest)) { return (guess, String(rest)) }
                for subfolder in subfolders where isFile("\(subfolder)/\(rest)") {
                    guess.to = subfolder + "/"
                    return (guess, guess.to + rest)
                }
                guard let slash = rest.firstIndex(of: "/") else { break }
                rest = rest[rest.index(after: slash)...]
            }
        }
        return nil
    }
}
