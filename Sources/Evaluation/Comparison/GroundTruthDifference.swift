import Annotations

/// How the annotations that two runs were measured on differ.
public struct GroundTruthDifference: Hashable, Sendable, CustomStringConvertible {
    /// What differs, in words that name classes, images or objects.
    public let description: String

    /// Nil where both have the same classes by name, the same images by file name, and the same objects on them, in any order
    /// and with any ids. Images without a file name are told by their ids.
    ///
    /// - Parameters:
    ///   - first: The annotations of one run.
    ///   - second: Those of another one.
    ///   - names: What the two are called.
    public init?(_ first: DetectionAnnotations, _ second: DetectionAnnotations, named names: (String, String)) {
        if let words = NameDifference(first.classNames, second.classNames, named: names)?.words("class") {
            description = "their classes differ: \(words)"
            return
        }
        let images = (Self.imageNames(first), Self.imageNames(second))
        if let words = NameDifference(images.0, images.1, named: names)?.words("image") {
            description = "they were measured on different images: \(words)"
            return
        }
        let places = Dictionary(zip(images.1, images.1.indices)) { first, _ in first }
        let changed = images.0.indices.filter { i in
            places[images.0[i]].map { Self.objects(first, i) != Self.objects(second, $0) } ?? true
        }
        guard let example = changed.first else { return nil }
        description =
            "the annotated objects of \(changed.count) \(changed.count == 1 ? "image" : "images") differ, such as those of "
            + images.0[example]
    }

    private static func imageNames(_ annotations: DetectionAnnotations) -> [String] {
        annotations.imageIDs.indices.map {
            let name = annotations.fileName($0)
            return name.isEmpty ? "image \(annotations.imageID($0))" : name
        }
    }

    private struct Object: Hashable {
        let className: String
        let numbers: [Double]
        let flags: ObjectFlags
    }

    /// An image's objects with how often each is there.
    private static func objects(_ annotations: DetectionAnnotations, _ image: Int) -> [Object: Int] {
        Dictionary(
            annotations.objects(image).map { j in
                let object = Object(
                    className: annotations.classNames[Int(annotations.labels[j]) - 1],
                    numbers: [
                        annotations.x[j], annotations.y[j], annotations.width[j], annotations.height[j],
                        annotations.area[j],
                    ], flags: annotations.flags[j])
                return (object, 1)
            }, uniquingKeysWith: +)
    }
}
