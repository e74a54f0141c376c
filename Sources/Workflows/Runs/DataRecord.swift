import Annotations
import Foundation
import Support
import Tensors

/// What a part of the data was when a run began: enough to tell later whether data are the same.
package struct DataRecord: Codable, Hashable, Sendable {
    /// A file that the part was read from.
    package struct File: Codable, Hashable, Sendable {
        package fileprivate(set) var path: String
        /// The file's size; nil where it can't be read again.
        package let bytes: Int?
        /// The CRC-32 of the file's bytes, in hexadecimal digits.
        package let crc32: String?

        init(_ path: String) {
            self.path = path
            let found = try? CRC32.ofFile(path)
            bytes = found?.bytes
            crc32 = found?.digits
        }
    }

    /// The part: `train` or `val`.
    package let part: String
    /// The files with annotations, lists or images; folders of images are told by their names alone.
    package private(set) var files: [File]
    /// The images, or videos, that the part lists.
    package let images: Int
    /// The CRC-32 of the images' names, a line for each, in their order.
    package let namesCRC32: String
    /// The annotated objects; nil where a part has no boxes.
    package let objects: Int?
    /// The CRC-32 of what every object is: its label and its box as x, y, width and height, as numbers of 64 bits.
    package let objectsCRC32: String?

    enum CodingKeys: String, CodingKey {
        case part, files, images, objects
        case namesCRC32 = "names_crc32"
        case objectsCRC32 = "objects_crc32"
    }

    /// The record with the files' paths in a folder in place of those on this machine; of files elsewhere, the names are left.
    func relative(to folder: String) -> DataRecord {
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        let root = absolute(folder) + "/"
        var copy = self
        for i in copy.files.indices {
            let path = absolute(files[i].path)
            copy.files[i].path = path.hasPrefix(root) ? String(path.dropFirst(root.count)) : FilePath.name(of: path)
        }
        return copy
    }

    /// - Parameters:
    ///   - files: The files that the part was read from; those that are folders are left out.
    ///   - name: The name of an image.
    init(_ part: String, files: [String], images: Int, name: (Int) -> String) {
        self.init(part, files: files, images: images, name: name, objects: nil, objectsCRC32: nil)
    }

    /// - Parameter files: The files that the annotations were read from.
    init(_ part: String, files: [String], annotations: DetectionAnnotations) {
        var checksum = CRC32()
        for j in 0..<annotations.objectCount {
            let numbers = [
                Double(annotations.labels[j]), annotations.x[j], annotations.y[j], annotations.width[j],
                annotations.height[j],
            ]
            numbers.withUnsafeBytes { checksum.add($0) }
        }
        self.init(
            part, files: files, images: annotations.imageCount, name: annotations.fileName,
            objects: annotations.objectCount, objectsCRC32: checksum.digits)
    }

    private init(
        _ part: String, files: [String], images: Int, name: (Int) -> String, objects: Int?, objectsCRC32: String?
    ) {
        func isFolder(_ path: String) -> Bool {
            var result: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &result) && result.boolValue
        }
        self.part = part
        self.files = files.filter { !isFolder($0) }.map { File($0) }
        self.images = images
        var checksum = CRC32()
        for image in 0..<images { checksum.add(name(image) + "\n") }
        namesCRC32 = checksum.digits
        self.objects = objects
        self.objectsCRC32 = objectsCRC32
    }
}
