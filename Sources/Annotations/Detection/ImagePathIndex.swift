import Foundation

/// Finds annotated images by the paths of their files, wherever those lie.
package struct ImagePathIndex {
    private let annotations: DetectionAnnotations
    private let byName: [String: [Int]]
    private let byStem: [String: [Int]]

    package init(_ annotations: DetectionAnnotations) {
        self.annotations = annotations
        let names = (0..<annotations.imageCount).map { annotations.fileName($0) as NSString }
        byName = Dictionary(grouping: names.indices) { names[$0].lastPathComponent }
        byStem = Dictionary(grouping: names.indices) { Self.stem(names[$0]) }
    }

    private static func stem(_ path: NSString) -> String {
        (path.lastPathComponent as NSString).deletingPathExtension
    }

    /// The image whose file name, folders included, `path` ends with, the longest one; else the only one that is called so,
    /// whatever its form.
    ///
    /// - Throws: `AnnotationError` where there is none, or more than one.
    package func imageID(of path: String) throws -> Int {
        let name = (path as NSString).lastPathComponent
        let called = byName[name] ?? byStem[Self.stem(path as NSString)] ?? []
        let ends = called.filter {
            let fileName = annotations.fileName($0)
            return path == fileName || path.hasSuffix("/" + fileName)
        }
        let longest = ends.max { annotations.fileName($0).utf8.count < annotations.fileName($1).utf8.count }
        guard let image = longest ?? called.first, longest != nil || called.count == 1 else {
            throw AnnotationError(
                file: annotations.source,
                problem: called.isEmpty ? "none of its images is called \(name)" : "several images are called \(name)",
                fix: called.isEmpty
                    ? "Take images and annotations that belong together"
                    : "Name the images with as many of their folders as the annotations do")
        }
        return annotations.imageID(image)
    }
}
