import Foundation

/// A file of its own for the picture of each image, whatever folders the images come from; never an image itself. Likewise
/// for videos.
package struct PictureNames {
    private let folder: String
    private var taken: Set<String>
    private let images: Set<String>

    /// - Parameters:
    ///   - images: what is drawn, and must stay.
    ///   - reserved: names in the folder that are for something else.
    package init(folder: String, images: [String], reserved: Set<String> = []) {
        self.folder = folder
        taken = reserved
        // Many images lie in few folders: each folder is looked up once.
        var folders: [String: URL] = [:]
        self.images = Set(
            images.map { image in
                let url = URL(fileURLWithPath: image)
                let parent = (image as NSString).deletingLastPathComponent
                let folder = folders[parent] ?? Self.resolvedFolder(of: url)
                folders[parent] = folder
                return folder.appendingPathComponent(url.lastPathComponent).standardizedFileURL.path
            })
    }

    /// `FOLDER/STEM.jpg`, or `FOLDER/STEM-2.jpg` and so on where that one is taken.
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
