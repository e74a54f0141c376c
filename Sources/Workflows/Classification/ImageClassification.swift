import DataPipeline
import Media
import Support
import Tensors

/// The classes that a classifier finds likeliest in an image.
public struct ClassifiedImage: Encodable, Sendable {
    /// A class with its probability.
    public struct Class: Encodable, Sendable {
        /// The class's name.
        public let name: String
        /// How sure the classifier is, 0…1.
        public let probability: Float
    }

    /// The file.
    public let image: String
    /// Width of the upright image in pixels.
    public let width: Int
    /// Height of the upright image in pixels.
    public let height: Int
    /// What is wrong with the file, where it is damaged and was accepted; nil for a sound one.
    public let damage: MediaWarning?
    /// The likeliest classes, best first.
    public let classes: [Class]
}

/// Names what image files show, with a trained classifier. It looks at the middle of an image, as evaluation does.
public struct ImageClassification {
    /// The classifier.
    public let model: ClassifierModel

    /// A classifier of images that was saved, on a device.
    ///
    /// - Throws: `RecipeFileError`, `CheckpointError`, `MissingDevice`; `JobError` for a detector and for a model of videos.
    public init(_ saved: SavedModel, device: Device = .cpu) throws {
        try saved.require(
            .classification, "this is a detector, and images are classified by a classifier; use `vertebra detect`")
        model = try ClassifierModel(saved, device: device)
        guard !model.recipe.data.format.isOfVideos else {
            throw JobError(saved.path, "this classifier was trained on videos; use `vertebra recognize`")
        }
    }

    /// Decodes pictures as the recipe says for evaluation.
    package var pictures: PictureDecoding { PictureDecoding(model) }

    /// The `top` likeliest classes of one file.
    ///
    /// - Throws: `MediaError` naming the file.
    public func classify(_ path: String, top: Int = 5) throws -> ClassifiedImage {
        classes(of: try pictures.decode(path), top: top)
    }

    /// The `top` likeliest classes of a picture that ``pictures`` decoded.
    package func classes(of picture: DecodedPicture, top: Int) -> ClassifiedImage {
        let probabilities = withoutGrad {
            model.logits(Tensor(picture.image).permute([2, 0, 1]).unsqueeze(0)).to(.cpu).to(.float64)
                .logSoftmax(dim: 1).exp()
        }[0]
        let likeliest = probabilities.topK(min(top, model.classNames.count), dim: 0)
        let classes = zip(likeliest.indices.array(Int.self), likeliest.values.array(Float.self)).map {
            ClassifiedImage.Class(name: model.classNames[$0], probability: $1)
        }
        return ClassifiedImage(
            image: picture.name, width: picture.size.width, height: picture.size.height, damage: picture.damage,
            classes: classes)
    }
}

extension ClassifierModel {
    /// The middle of the image, as evaluation takes it; for CIFAR, scaled to its 32×32 pixels.
    var centerCrop: CenterCrop {
        switch recipe.data.format {
        case .cifar, .cifar10, .cifar100:
            CenterCrop(shorterSide: CIFARDataset.side, side: CIFARDataset.side)
        case .folder, .kinetics, .somethingSomething:
            CenterCrop(shorterSide: recipe.input.shorterSide, side: recipe.input.side)
        }
    }
}
