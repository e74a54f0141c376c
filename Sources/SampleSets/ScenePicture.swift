import Annotations
import Media

/// A drawn picture and its annotated objects.
public struct ScenePicture: Sendable {
    /// An annotated object.
    public struct Object: Hashable, Sendable {
        /// The class's label, 1…classCount.
        public var label: Int
        /// The box in XYXY pixels, tight around the visible part.
        public var box: Box
        /// Number of its visible pixels.
        public var visiblePixels: Int
        /// Share of its pixels that are visible, 0…1.
        public var visibleShare: Double
        /// Whether part of it lies outside the picture.
        public var isTruncated: Bool
    }

    /// The picture, RGB.
    public var image: ByteImage
    /// The file's name, relative to the folder of pictures.
    public var fileName: String
    /// The quality of a JPEG file, 1 to 100.
    public var jpegQuality: Int
    /// The annotated objects.
    public var objects: [Object]
    /// Number of further objects that are too much hidden to be annotated.
    public var hiddenObjects: Int

    /// Whether the file is a PNG rather than a JPEG.
    public var isPNG: Bool { fileName.hasSuffix(".png") }

    func record(index: Int, difficultShare: Double) -> ImageRecord {
        ImageRecord(
            id: index + 1, fileName: fileName, width: image.width, height: image.height,
            objects: objects.enumerated().map { i, object in
                var flags: ObjectFlags = []
                if object.isTruncated { flags.insert(.truncated) }
                if object.visibleShare < difficultShare { flags.insert(.difficult) }
                return ObjectRecord(
                    id: i + 1, label: object.label, x: Double(object.box.x0), y: Double(object.box.y0),
                    width: Double(object.box.width), height: Double(object.box.height),
                    area: Double(object.visiblePixels), flags: flags)
            })
    }
}

extension SceneShape {
    /// The class's label, 1…classCount.
    package var label: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
}

extension PlacedShape {
    /// Whether the shape reaches beyond the border of the picture.
    func leaves(width: Int, height: Int) -> Bool {
        let (right, bottom) = (Float(width), Float(height))
        for x in 0..<width {
            let column = Float(x) + 0.5
            if distance(SIMD2(column, -0.5)) < 0 || distance(SIMD2(column, bottom + 0.5)) < 0 { return true }
        }
        for y in 0..<height {
            let row = Float(y) + 0.5
            if distance(SIMD2(-0.5, row)) < 0 || distance(SIMD2(right + 0.5, row)) < 0 { return true }
        }
        return false
    }
}
