import Foundation

/// A file of its own for the picture of each image, whatever folders the images come from; never an image itself. Likewise
/// for videos.
public struct PictureNames {
    private let folder: String
    private var taken: Set<String>
    private let images: Set<String>

    /// - Parameters:
    ///   - images: what is drawn, and must stay.
    ///   - reserved: names in the folder that are for something else.
    public init(folder: String, images: [String], reserved: Set<String> = []) {
        self.folder = folder
        taken = reserved
        self.images = Set(images.map(Self.resolved))
    }

    /// `FOLDER/STEM.jpg`, or `FOLDER/STEM-2.jpg` and so on where that one is taken.
    public mutating func path(for image: String, ending: String = "jpg") -> String {
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
        return url.deletingLastPathComponent().resolvingSymlinksInPath().appendingPathComponent(url.lastPathComponent)
            .standardizedFileURL.path
    }
}
