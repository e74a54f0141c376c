import Annotations
import Media
import Support

/// An image and what it holds, on its way through the transforms.
public struct DetectionSample: Sendable {
    /// The pixels, RGB. Straight after decoding there may be others than `size` says: an image may be decoded for the
    /// first resize, which makes the two equal.
    public var image: ByteImage
    /// The objects; boxes are XYXY pixels of an image of `size`.
    public var target: DetectionTarget
    /// The sample's index in the data set.
    public var index: Int
    /// The image's id in the annotation file.
    public var imageID: Int
    /// The file's name, relative to the image folder.
    public var name: String
    /// The file's size after its EXIF orientation: detections go back to these coordinates.
    public var originalSize: ImageSize
    /// The size that the boxes' coordinates refer to.
    public var size: ImageSize

    /// A sample of a decoded image. Without `originalSize` the file is taken to be of the image's own size.
    public init(
        image: ByteImage, target: DetectionTarget, index: Int = 0, imageID: Int = 0, name: String = "",
        originalSize: ImageSize? = nil
    ) {
        self.image = image
        self.target = target
        self.index = index
        self.imageID = imageID
        self.name = name
        self.originalSize = originalSize ?? image.size
        self.size = self.originalSize
    }
}

extension DetectionTarget {
    /// Maps every box; objects whose new box has no inside are left out, and areas follow the boxes' own areas.
    func mapBoxes(_ transform: (Box) -> Box) -> DetectionTarget {
        var result = self
        for i in boxes.indices {
            let box = transform(boxes[i])
            let before = boxes[i].area
            result.boxes[i] = box
            result.areas[i] = before > 0 ? areas[i] * (box.area / before) : box.area
        }
        return result.boxes.contains(where: \.isDegenerate) ? result.filter { !result.boxes[$0].isDegenerate } : result
    }

    /// The boxes on an image scaled from one size to another.
    func scaled(from old: ImageSize, to new: ImageSize) -> DetectionTarget {
        let sx = Float(new.width) / Float(old.width)
        let sy = Float(new.height) / Float(old.height)
        return mapBoxes { Box(x0: $0.x0 * sx, y0: $0.y0 * sy, x1: $0.x1 * sx, y1: $0.y1 * sy) }
    }
}
