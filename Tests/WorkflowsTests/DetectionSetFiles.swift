import Annotations
import Foundation
import Media
import Support
import Workflows

/// Writes small data sets for tests.
enum DetectionSetFiles {
    /// Writes texts and blank pictures into a folder.
    static func write(
        _ texts: [String: String] = [:], pictures: [String: ImageSize] = [:], to folder: String
    ) throws {
        for name in texts.keys.sorted() + pictures.keys.sorted() {
            try FileManager.default.createDirectory(
                atPath: FilePath.folder(of: folder + "/" + name), withIntermediateDirectories: true)
        }
        for (name, text) in texts { try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
        for (name, size) in pictures {
            let image = Canvas(width: size.width, height: size.height).image()
            if name.hasSuffix(".png") {
                try ImageFile.writePNG(image, to: folder + "/" + name)
            } else {
                try ImageFile.writeJPEG(image, to: folder + "/" + name)
            }
        }
    }

    /// A set in which every image, box and flag differs: four images in two parts, of three classes that are in no alphabetical
    /// order. The class `bee` has no object, and one image neither.
    static func varied(in folder: String) throws -> DetectionSet {
        let sizes = [
            "a, b.jpg": ImageSize(width: 64, height: 48), "sub/c.png": ImageSize(width: 33, height: 57),
            "empty.jpg": ImageSize(width: 20, height: 20), "d.jpg": ImageSize(width: 641, height: 427),
        ]
        try write(pictures: sizes, to: folder)
        func image(_ id: Int, _ name: String, _ objects: [ObjectRecord]) -> ImageRecord {
            let size = sizes[name] ?? ImageSize(width: 0, height: 0)
            return ImageRecord(id: id, fileName: name, width: size.width, height: size.height, objects: objects)
        }
        let names = ["zebra", "ant, big", "bee"]
        let train = DetectionAnnotations(
            source: folder, classNames: names,
            images: [
                image(
                    1, "a, b.jpg",
                    [
                        ObjectRecord(id: 1, label: 1, x: 0, y: 0, width: 64, height: 48),
                        ObjectRecord(
                            id: 2, label: 2, x: 10.25, y: 3.1, width: 20.7, height: 30.33,
                            flags: [.difficult, .truncated]),
                    ]),
                image(
                    2, "sub/c.png",
                    [ObjectRecord(id: 3, label: 1, x: 0.5, y: 7, width: 3.75, height: 49.5, area: 100.5)]),
                image(3, "empty.jpg", []),
            ])
        let val = DetectionAnnotations(
            source: folder, classNames: names,
            images: [
                image(
                    4, "d.jpg",
                    [
                        ObjectRecord(id: 4, label: 2, x: 3.3333, y: 400.01, width: 637.66, height: 26.9),
                        ObjectRecord(id: 5, label: 1, x: 5, y: 6, width: 7, height: 8, flags: .crowd),
                    ])
            ])
        return try DetectionSet(
            source: folder, format: .coco,
            parts: [
                .init(name: "train", annotations: train, folder: folder),
                .init(name: "val", annotations: val, folder: folder),
            ])
    }
}
