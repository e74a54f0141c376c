import Annotations
import Architectures
import Backbones
import Detectors
import NN
import Tensors

extension Benchmark {
    func runOperations() throws {
        Random.seed(0)
        measureSuppression()
        measureRoIAlign()
        try measureBackbone()
        try measureDetector()
    }

    private func measureSuppression() {
        let corners = Tensor.rand([20000, 2]) * 500
        let boxes = Tensor.cat([corners, corners + Tensor.rand([20000, 2]) * 500], dim: 1)
        let scores = Tensor.rand([20000])
        measure("nms 20000 boxes in 500x500, IoU 0.5", batch: 20000) {
            _ = DetectionOps.nms(boxes: boxes, scores: scores, iouThreshold: 0.5)
        }
    }

    private func measureRoIAlign() {
        let feature = Tensor.randn([1, 256, 200, 200]).to(memoryFormat: .channelsLast).requiringGrad()
        let near = Tensor.rand([1000, 2]) * 300
        let far = Tensor.rand([1000, 2]) * 300 + near + 10
        let rois = Tensor.cat([Tensor.zeros([1000, 1]), near * 2.6, far * 2.6], dim: 1)
        func align() -> Tensor {
            DetectionOps.roiAlign(
                feature, rois: rois, outputSize: (7, 7), spatialScale: 0.25, samplingRatio: 2, aligned: false)
        }
        measure("roi_align forward 1000 rois 256x200x200 7x7 ratio 2", batch: 1000) { _ = align() }
        let output = align()
        let upstream = Tensor.randn(output.shape).to(memoryFormat: .channelsLast)
        measure("roi_align backward", batch: 1000) { output.backward(gradient: upstream, retainGraph: true) }
    }

    private func measureBackbone() throws {
        let images = Tensor.randn([8, 3, 224, 224])
        let network = try Backbone(Catalogue.architecture(named: "resnet50"))
        network.eval()
        withoutGrad {
            measure("resnet50 inference batch 8 float32", batch: 8) { _ = network(images) }
            network.convertToChannelsLast()
            let channelsLast = images.to(memoryFormat: .channelsLast)
            measure("resnet50 inference batch 8 float32 channels-last", batch: 8) { _ = network(channelsLast) }
            withAutocast(.bfloat16) {
                measure("resnet50 inference batch 8 bfloat16 channels-last", batch: 8) { _ = network(channelsLast) }
            }
            let one = channelsLast.narrow(dim: 0, start: 0, length: 1)
            measure("resnet50 inference batch 1 float32 channels-last") { _ = network(one) }
        }
    }

    private func measureDetector() throws {
        let backbone = try Catalogue.architecture(named: "resnet50")
        let detector = try FasterRCNN(FasterRCNNConfiguration(), backbone: backbone, classCount: 90)
        detector.eval()
        let image = Tensor.rand([3, 800, 800])
        measure("fasterrcnn_resnet50_fpn inference 800x800", runs: 3) { _ = detector.detect(images: [image]) }

        var configuration = FasterRCNNConfiguration()
        configuration.minSizes = [480]
        configuration.maxSize = 640
        let learner = try FasterRCNN(configuration, backbone: backbone, classCount: 90)
        let target = DetectionTarget(
            boxes: [Box(x0: 50, y0: 50, x1: 300, y1: 300), Box(x0: 200, y0: 220, x1: 500, y1: 640)], labels: [1, 2])
        let training = Tensor.rand([3, 480, 640])
        measure("fasterrcnn_resnet50_fpn training step, one 480x640 image", runs: 3) {
            for (_, parameter) in learner.namedParameters() { parameter.tensor.setGrad(nil) }
            let losses = learner.losses(images: [training], targets: [target])
            losses.dropFirst().reduce(losses[0].value) { $0 + $1.value }.backward()
        }
    }
}
