import Detectors
import Tensors

extension DetectorModel {
    /// The objects found in each image, in its pixels, computed in the recipe's precision. With `inference.flip`, one
    /// suppression goes over the candidates of an image and of its mirror image together.
    func detect(_ images: [Tensor]) -> [Detections] {
        let wasTraining = detector.isTraining
        detector.eval()
        defer { detector.train(wasTraining) }
        return inPrecision {
            guard recipe.inference.flip else { return detector.detect(images: images) }
            let found = detector.candidates(images: images + images.map(Self.mirrored))
            return images.indices.map { i in
                let views = [found[i], Self.mirrored(found[images.count + i], width: Self.width(of: images[i]))]
                return detector.suppression(
                    Detections(
                        boxes: Tensor.cat(views.map(\.boxes)), scores: Tensor.cat(views.map(\.scores)),
                        labels: Tensor.cat(views.map(\.labels))))
            }
        }
    }

    /// The axis of an image's columns: `uint8` `[H, W, 3]`, or `[3, H, W]`.
    private static func columns(of image: Tensor) -> Int {
        image.dtype == .uint8 && image.shape[2] == 3 ? 1 : 2
    }

    private static func width(of image: Tensor) -> Int { image.shape[columns(of: image)] }

    private static func mirrored(_ image: Tensor) -> Tensor { image.flip([columns(of: image)]) }

    /// Turns detections in a mirror image, `width` pixels wide, into detections in the image.
    static func mirrored(_ detections: Detections, width: Int) -> Detections {
        let edges = (0..<4).map { detections.boxes.select(dim: 1, index: $0) }
        let whole = Tensor.full(edges[0].shape, Double(width), device: detections.boxes.device)
        return Detections(
            boxes: Tensor.stack([whole - edges[2], edges[1], whole - edges[0], edges[3]], dim: 1),
            scores: detections.scores, labels: detections.labels)
    }
}
