import Annotations
import Media

/// A drawn picture, and the objects on it that are annotated.
package struct ScenePicture: Sendable {
    /// An annotated object.
    package struct Object: Hashable, Sendable {
        /// 1…classCount.
        package var label: Int
        /// XYXY pixels, tight around what is to be seen.
        package var box: Box
        /// Pixels of it that are to be seen.
        package var visiblePixels: Int
        /// Visible pixels over all of the object's.
        package var visibleShare: Double
        /// Whether part of it lies outside the picture.
        package var isTruncated: Bool
    }

    /// RGB.
    package var image: ByteImage
    /// The name that it is written under, relative to the folder of pictures.
    package var fileName: String
    /// The quality that it is written with as JPEG, 1 to 100.
    package var jpegQuality: Int
    /// Annotated objects.
    package var objects: [Object]
    /// How many more were drawn, but are too much hidden to be annotated.
    package var hiddenObjects: Int

    /// Whether it is written as PNG; else as JPEG.
    package var isPNG: Bool { fileName.hasSuffix(".png") }

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
    /// 1…classCount.
    package var label: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
}

extension PlacedShape {
    /// Whether a pixel of the border is within the shape.
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
