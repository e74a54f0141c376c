import Architectures
import Backbones
import DataPipeline
import Media
import Support
import Tensors
import Workflows

/// Says what a picture shows, by weights of torchvision:
///
///     ClassifyPicture resnet50.pth PICTURE.jpg              the five likeliest classes, by number
///     ClassifyPicture resnet18.safetensors PICTURE.jpg resnet18
@main
struct ClassifyPicture {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 2 else { fatalError("usage: ClassifyPicture WEIGHTS PICTURE [MODEL]") }
        let name = arguments.count > 2 ? arguments[2] : "resnet50"

        // Names and shapes are torchvision's, so that its files fit as they are; what doesn't is an error with its name.
        let weights = try WeightsFile(arguments[0])
        let network = Backbone(try Catalogue.architecture(named: name).plan())
        try network.loadStateDict(weights.state)
        let classifier = network.optimizedForInference()

        let picture = try ImageFile.read(arguments[1])
        let probabilities = classifier(prepared(picture)).softmax(dim: 1)
        let (values, classes) = probabilities.topK(5, dim: 1)
        for (probability, number) in zip(values.array(Float.self), classes.array(Int.self)) {
            print("class \(number): \((probability * 1000).rounded() / 10) %")
        }
    }

    /// The middle 224×224 of a picture whose shorter side is 256, `[1, 3, 224, 224]` with ImageNet's mean 0 and deviation 1:
    /// what torchvision's weights were measured with.
    static func prepared(_ picture: ByteImage) -> Tensor {
        var random = SeededRandom(seed: 0, epoch: 0, index: 0)
        let crop = CenterCrop(shorterSide: 256, side: 224).apply(picture, random: &random)
        let pixels = Tensor(crop).permute([2, 0, 1]).unsqueeze(0).to(.float32) / 255
        let mean = Tensor([Float(0.485), 0.456, 0.406], shape: [1, 3, 1, 1])
        let deviation = Tensor([Float(0.229), 0.224, 0.225], shape: [1, 3, 1, 1])
        return (pixels - mean) / deviation
    }
}
