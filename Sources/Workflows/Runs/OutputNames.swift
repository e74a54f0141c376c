import Annotations
import Foundation

/// The names of the outputs of a network that is given as weights alone.
struct OutputNames {
    /// One name for each output, "class 0" where there is none.
    let names: [String]
    /// Where the names are from; nil for none.
    let source: String?

    /// Names from what the user gives, or else a well-known list of as many names, or else the folders of the data.
    ///
    /// - Parameters:
    ///   - count: the number of outputs, without the background.
    ///   - path: the file of weights, for messages.
    ///   - given: a well-known list's name, or a file with one name on each line.
    ///   - usual: lists that name the outputs if their number fits.
    ///   - firstLabel: the number of the first output: 1 where 0 is the background.
    ///   - folders: the folders of images to measure on.
    /// - Throws: `JobError` for a list of another length, or a file that can't be read.
    init(
        _ count: Int, of path: String, given: String?, usual: [ClassNameList], firstLabel: Int = 0,
        folders: ClassFolders = ClassFolders(names: [])
    ) throws {
        func known(_ list: ClassNameList) -> (names: [String], source: String)? {
            guard let names = list.names(outputs: count) else { return nil }
            // ImageNet's folders are called by ids, in the same order.
            return list == .imagenet && folders.areOfImageNet
                ? (ClassNameList.imagenetIDs, "imagenet's ids") : (names, list.rawValue)
        }
        var found: (names: [String], source: String)?
        if let given, let list = ClassNameList(rawValue: given) {
            found = known(list)
            guard found != nil else {
                throw JobError(
                    "--classes \(given)",
                    "has \(list.counts.map(String.init).joined(separator: " or ")) names, and \(path) has \(count) classes"
                )
            }
        } else if let given {
            let file = try ClassNamesFile(given)
            guard file.names.count == count else {
                throw JobError(
                    given,
                    "holds \(file.names.count) names, and \(path) has \(count) classes; write one name a line, in the order of "
                        + "the outputs" + (firstLabel == 1 ? ", without the background" : ""))
            }
            found = (file.names, given)
        } else if let list = usual.lazy.compactMap(known).first {
            found = list
        } else if folders.names.count == count {
            found = (folders.names, "the folders, in order")
        }
        names = found?.names ?? (0..<count).map { "class \($0 + firstLabel)" }
        source = found?.source
    }

    /// How many classes there are and where their names are from, for a line.
    var note: String {
        "\(names.count) classes, " + (source.map { "named by \($0)" } ?? "without names (--classes gives them)")
    }
}

/// The names of the folders in a folder of classified images, in order.
struct ClassFolders {
    let names: [String]

    init(names: [String]) { self.names = names }

    /// The folders that settings `data.root=…` and `data.val=…` name; none without a root.
    init(settings: [String]) {
        func value(_ key: String) -> String? {
            settings.last { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
        }
        guard let root = value("data.root") else {
            names = []
            return
        }
        let path = root + "/" + (value("data.val") ?? "val")
        names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { name in
            var isFolder: ObjCBool = false
            return !name.hasPrefix(".")
                && FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
                && isFolder.boolValue
        }.sorted()
    }

    /// Whether all are WordNet's ids, such as n01440764.
    var areOfImageNet: Bool {
        !names.isEmpty && names.allSatisfy { $0.count == 9 && $0.first == "n" && Int($0.dropFirst()) != nil }
    }
}
