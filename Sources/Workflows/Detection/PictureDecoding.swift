import DataPipeline
import Media
import Support

/// A picture as a network is to see it.
package struct DecodedPicture: Sendable {
    /// The file's path, or what the caller called the bytes.
    package let name: String
    /// The size of the upright picture in the file.
    package let size: ImageSize
    /// What is wrong with the file, where it is damaged and was accepted; nil for a sound one.
    package let damage: MediaWarning?
    /// The pixels, scaled or cropped as the recipe's `input` says.
    package let image: ByteImage
}

/// Decodes pictures as a model's recipe says for evaluation. It knows nothing of the network, so any thread may do it.
package struct PictureDecoding: Sendable {
    private enum Form: Sendable {
        case scaled(DetectionInputSection)
        case cropped(CenterCrop)
    }

    /// How much a picture may ask for.
    package var limits = DecodeLimits()
    private let form: Form
    private let damagedImages: DamagedImages

    /// For a detector, which sees whole pictures.
    init(_ recipe: DetectionRecipe) {
        form = .scaled(recipe.input)
        damagedImages = recipe.data.damagedImages
    }

    /// For a classifier of images, which sees the middle of a picture.
    init(_ classifier: ClassifierModel) {
        form = .cropped(classifier.centerCrop)
        damagedImages = classifier.recipe.data.damagedImages
    }

    /// Decodes a file.
    ///
    /// - Throws: `MediaError` naming the file.
    package func decode(_ path: String) throws -> DecodedPicture {
        let header = try ImageFile.header(path)
        return try decoded(header, name: path) { try ImageFile.read(path, options: $0) }
    }

    /// Decodes the bytes of a file.
    ///
    /// - Throws: `MediaError`, which calls the bytes `name`.
    package func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws -> DecodedPicture {
        let header = try ImageFile.header(of: bytes, name: name)
        return try decoded(header, name: name) { try ImageFile.decode(bytes, name: name, options: $0) }
    }

    private func decoded(
        _ header: ImageHeader, name: String, by read: (DecodeOptions) throws -> ByteImage
    ) throws -> DecodedPicture {
        let damaged = DamagedImageLog()
        var options = DecodeOptions(damagedImages, telling: damaged)
        options.limits = limits
        let image: ByteImage
        switch form {
        case .scaled(let input):
            let size = input.evaluationSize(of: header.size)
            if size != header.size {
                options.minimumSize = size
                options.targetSize = size
            }
            image = try read(options)
        case .cropped(let crop):
            // A crop of the middle draws nothing.
            var random = SeededRandom(seed: 0, epoch: 0, index: 0)
            options.minimumSize = crop.minimumSize(of: header.size, random: &random)
            image = crop.apply(try read(options), random: &random)
        }
        return DecodedPicture(name: name, size: header.size, damage: damaged.images.first, image: image)
    }
}
