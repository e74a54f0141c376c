import Foundation
import Support

/// Chooses the name of each drawn picture or video in one folder. No two get one name, although their sources may come
/// from different folders, and no source is overwritten.
package struct PictureNames {
    private let folder: String
    private var taken: Set<String>
    private let images: Set<String>

    /// - Parameters:
    ///   - images: files to draw, which must not be overwritten.
    ///   - reserved: names in the folder that are needed for something else.
    package init(folder: String, images: [String], reserved: Set<String> = []) {
        self.folder = folder
        taken = reserved
        // Many images lie in few folders, so each folder is resolved once.
        var folders: [String: URL] = [:]
        self.images = Set(
            images.map { image in
                let url = URL(fileURLWithPath: image)
                let parent = FilePath.folder(of: image)
                let folder = folders[parent] ?? Self.resolvedFolder(of: url)
                folders[parent] = folder
                return folder.appendingPathComponent(url.lastPathComponent).standardizedFileURL.path
            })
    }

    /// `FOLDER/STEM.jpg`, or if that is taken, `FOLDER/STEM-2.jpg` and so on.
    package mutating func path(for image: String, ending: String = "jpg") -> String {
        let stem = ((image as NSString).lastPathComponent as NSString).deletingPathExtension
        var number = 1
        while true {
            let name = number == 1 ? "\(stem).\(ending)" : "\(stem)-\(number).\(ending)"
            let path = folder + "/" + name
            if !images.contains(Self.resolved(path)), taken.insert(name).inserted { return path }
            number += 1
        }
    }

    private static func resolved(_ path: String) -> String {
        let url = URL(fileURLWithPath: path)
        return resolvedFolder(of: url).appendingPathComponent(url.lastPathComponent).standardizedFileURL.path
    }

    private static func resolvedFolder(of url: URL) -> URL { url.deletingLastPathComponent().resolvingSymlinksInPath() }
}
