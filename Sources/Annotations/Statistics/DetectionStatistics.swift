import Support

/// Counts over a detection data set: sizes and shapes of its objects and images, and its classes.
public struct DetectionStatistics: Hashable, Sendable, Codable {
    /// A class and how often it occurs.
    public struct ClassCount: Hashable, Sendable, Codable {
        /// The class's name.
        public var name: String
        /// Objects of the class, crowds among them.
        public var objects: Int
        /// Images with an object of the class.
        public var images: Int
    }

    /// An image size and how often it occurs.
    public struct SizeCount: Hashable, Sendable, Codable {
        /// The size in pixels.
        public var size: ImageSize
        /// Images of that size.
        public var images: Int
    }

    /// A class of values and how often it occurs.
    public struct Bin: Hashable, Sendable, Codable {
        /// The values in words, such as "2 to 4".
        public var name: String
        /// How many values there are.
        public var count: Int
    }

    /// Number of images.
    public let images: Int
    /// Number of images without any object.
    public let emptyImages: Int
    /// Number of objects.
    public let objects: Int
    /// Number of objects that are crowds.
    public let crowds: Int
    /// Number of objects that are marked difficult.
    public let difficult: Int
    /// Largest number of objects on an image.
    public let mostObjects: Int
    /// The classes in label order.
    public let classes: [ClassCount]
    /// Objects by area, as COCO has it: small below 32², medium below 96², large from there on.
    public let areas: [Bin]
    /// Objects by width over height.
    public let aspectRatios: [Bin]
    /// Images by their number of objects.
    public let objectsPerImage: [Bin]
    /// Sizes of images, the most frequent first; those that the annotations do not say are left out.
    public let imageSizes: [SizeCount]

    /// The mean number of objects on an image; 0 without images.
    public var meanObjects: Double { images == 0 ? 0 : Double(objects) / Double(images) }

    /// Counts over all images of several annotations that have the same classes.
    public init(_ parts: [DetectionAnnotations]) {
        let names = parts.first?.classNames ?? []
        var classes = names.map { ClassCount(name: $0, objects: 0, images: 0) }
        var areas = Histogram(bounds: [32 * 32, 96 * 96], names: ["small", "medium", "large"])
        var ratios = Histogram(
            bounds: [0.25, 0.5, 0.8, 1.25, 2, 4],
            names: [
                "below 1:4", "1:4 to 1:2", "1:2 to 4:5", "4:5 to 5:4", "5:4 to 2:1", "2:1 to 4:1", "4:1 and more",
            ])
        var counts = Histogram(
            bounds: [1, 2, 3, 5, 9, 17, 33, 65],
            names: ["0", "1", "2", "3 to 4", "5 to 8", "9 to 16", "17 to 32", "33 to 64", "65 and more"])
        var sizes: [ImageSize: Int] = [:]
        var empty = 0, most = 0, crowds = 0, difficult = 0
        for part in parts {
            for i in 0..<part.imageCount {
                let objects = part.objects(i)
                if objects.isEmpty { empty += 1 }
                most = max(most, objects.count)
                counts.add(Double(objects.count))
                let size = part.imageSize(i)
                if size.width > 0, size.height > 0 { sizes[size, default: 0] += 1 }
                for label in Set(objects.map { Int(part.labels[$0]) }) where label <= classes.count {
                    classes[label - 1].images += 1
                }
                for object in objects.map(part.object) {
                    if object.label <= classes.count { classes[object.label - 1].objects += 1 }
                    if object.flags.contains(.crowd) { crowds += 1 }
                    if object.flags.contains(.difficult) { difficult += 1 }
                    areas.add(object.area)
                    if object.width > 0, object.height > 0 { ratios.add(object.width / object.height) }
                }
            }
        }
        images = parts.reduce(0) { $0 + $1.imageCount }
        objects = parts.reduce(0) { $0 + $1.objectCount }
        emptyImages = empty
        mostObjects = most
        self.crowds = crowds
        self.difficult = difficult
        self.classes = classes
        self.areas = areas.bins
        aspectRatios = ratios.bins
        objectsPerImage = counts.bins
        imageSizes = sizes.map { SizeCount(size: $0.key, images: $0.value) }.sorted {
            ($1.images, $0.size.width, $0.size.height) < ($0.images, $1.size.width, $1.size.height)
        }
    }

    /// Counts of values between bounds.
    private struct Histogram {
        let bounds: [Double]
        var bins: [Bin]

        init(bounds: [Double], names: [String]) {
            self.bounds = bounds
            bins = names.map { Bin(name: $0, count: 0) }
        }

        mutating func add(_ value: Double) { bins[bounds.count { value >= $0 }].count += 1 }
    }
}
