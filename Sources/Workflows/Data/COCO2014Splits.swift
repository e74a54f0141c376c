import Annotations
import Foundation

/// COCO 2014 as detectors were trained and measured on it before 2017: `minival`, 5,000 images of val2014, to measure, and
/// train2014 with the rest of val2014, `valminusminival`, to train on (Ren et al. 2015; Bell et al. 2016, section 5).
///
/// COCO's val2017 has the images of minival, so its annotation file tells which they are.
package struct COCO2014Splits {
    /// The folder where COCO's archives were unpacked.
    package let folder: String

    package init(folder: String) { self.folder = folder }

    /// An annotation file that was written.
    package struct Made: Hashable, Sendable {
        package let path: String
        package let images: Int
        package let objects: Int

        /// The file and its counts in one line for a person.
        package var summary: String { "\(path): \(images) images, \(objects) objects" }
    }

    /// Images of val2014 to measure on; file names are relative to `val2014`.
    package var minival: String { path("minival2014") }
    /// The other images of val2014.
    package var valMinusMinival: String { path("valminusminival2014") }
    /// Images to train on: train2014 and valminusminival; file names are relative to `folder`.
    package var training: String { path("trainvalminusminival2014") }

    private func path(_ split: String) -> String { "\(folder)/annotations/instances_\(split).json" }

    /// Writes the three files beside the COCO files that they are made from.
    ///
    /// - Throws: `AnnotationError` if a file is missing or broken, if val2017 is not a part of val2014, and, unless
    ///   `replacing`, if one of the three files exists.
    package func make(replacing: Bool = false) throws -> [Made] {
        let (train, val, val2017) = (path("train2014"), path("val2014"), path("val2017"))
        try requireFiles([
            (train, "annotations_trainval2014.zip"), (val, "annotations_trainval2014.zip"),
            (val2017, "annotations_trainval2017.zip"),
        ])
        for made in [minival, valMinusMinival, training]
        where !replacing && FileManager.default.fileExists(atPath: made) {
            throw AnnotationError(
                file: made, problem: "it exists already", fix: "Keep it, or replace it with --replace")
        }
        let all = try COCO.readInstances(val)
        let chosen = try Self.positions(of: COCO.readInstances(val2017), in: all)
        let isChosen = Set(chosen)
        let rest = all.leavingOut(imagesWhere: isChosen.contains)
        let joined = try DetectionAnnotations.joined(
            [(COCO.readInstances(train), "train2014"), (rest, "val2014")], source: training)
        var made: [Made] = []
        do {
            for (annotations, path) in [
                (all.selecting(images: chosen.sorted()), minival), (rest, valMinusMinival), (joined, training),
            ] {
                try COCO.writeInstances(annotations, to: path)
                made.append(Made(path: path, images: annotations.imageCount, objects: annotations.objectCount))
            }
        } catch {
            // All three or none: an incomplete set, left by a full disk, would be taken for a complete one.
            for file in made { try? FileManager.default.removeItem(atPath: file.path) }
            throw error
        }
        return made
    }

    private func requireFiles(_ files: [(path: String, archive: String)]) throws {
        for (path, archive) in files where !FileManager.default.fileExists(atPath: path) {
            throw AnnotationError(
                file: path, problem: "there is no such file",
                fix: "Unpack COCO's \(archive) in \(folder); datasets/coco/README.md says where it is from")
        }
    }

    /// Indices in `all` of the images of `part`. `all` must have every one, with the same size and classes.
    private static func positions(of part: DetectionAnnotations, in all: DetectionAnnotations) throws -> [Int] {
        try part.requireClasses(of: all)
        let positions = Dictionary(
            all.imageIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return try part.imageIDs.indices.map { i in
            guard let position = positions[part.imageIDs[i]] else {
                throw AnnotationError(
                    file: part.source, place: "images[\(i)]",
                    problem: "image id \(part.imageIDs[i]) is not in \(all.source)",
                    fix: "Download both files again: every image of val2017 is one of val2014")
            }
            let (size, expected) = (part.imageSize(i), all.imageSize(position))
            guard size == expected else {
                throw AnnotationError(
                    file: part.source, place: "images[\(i)]",
                    problem: "image id \(part.imageIDs[i]) has \(size.width)×\(size.height) pixels, and in "
                        + "\(all.source) \(expected.width)×\(expected.height)",
                    fix: "Download both files again: the same id is the same image in both")
            }
            return position
        }
    }
}
