import Architectures
import Backbones
import Detectors
import NN
import Tensors

extension Benchmark {
    /// A network of each of three families, which training steps are taken of.
    private static let curveModels = ["iresnet50", "res_rgsnet50", "dsnet50"]
    /// More of them, of which steps are taken where a filter names them.
    private static let furtherCurveModels = ["resnet50", "ds2net50"]
    private static let smallCurveModels = ["cifar_resnet26_0.25", "cifar_res_rgsnet26_0.25", "cifar_dsnet26_0.25"]

    /// How far a loss on a device may be from the CPU's in float32, as a share of it, in any of the steps; and what the last
    /// loss must have come down to, as a share of the first, lest two curves agree that nothing is learned.
    private static let curveLimits: [DType: Double] = [.float32: 1e-3, .bfloat16: 5e-2, .float16: 5e-2]
    private static let learned = 0.9

    /// Compares the losses of training steps on a device, in each precision, with those on the CPU in float32; or those of this
    /// package's own kernels in bfloat16.
    func runCurves(_ inputs: Inputs) throws {
        try inputs.device.requirePresence()
        let steps = inputs.rounds ?? 10
        typealias Losses = (_ precision: DType, _ device: Device) throws -> [Double]
        let models =
            inputs.isSmall ? Self.smallCurveModels : Self.curveModels + (filter == nil ? [] : Self.furtherCurveModels)
        var cases: [(name: String, losses: Losses)] = models.filter(isWanted).map { name in
            (name, { try classifierLosses(name, steps: steps, precision: $0, device: $1) })
        }
        if isWanted("ssd300") && !inputs.isSmall {
            cases.append(("ssd300_iresnet50", { try detectorLosses(steps: steps, precision: $0, device: $1) }))
        }
        try withExactArithmetic {
            for (name, losses) in cases {
                let expected = try losses(.float32, .cpu)
                if inputs.usesOwnKernels {
                    let found = try losses(.bfloat16, .cpu)
                    reportCurve("\(name) \(steps) steps bfloat16 cpu", found, expected, .bfloat16)
                    continue
                }
                for precision in [DType.float32, .bfloat16, .float16] {
                    let found = try asOnDevice { try losses(precision, inputs.device) }
                    reportCurve("\(name) \(steps) steps \(precision) \(inputs.device)", found, expected, precision)
                }
            }
        }
    }

    /// The largest difference of losses, as a share of the expected ones; infinite where one can't be compared.
    static func largestDifference(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count else { return .infinity }
        return zip(found, expected).reduce(0) { worst, losses in
            let difference = abs(losses.0 - losses.1) / abs(losses.1)
            return difference.isFinite ? max(worst, difference) : .infinity
        }
    }

    private func reportCurve(_ name: String, _ found: [Double], _ expected: [Double], _ precision: DType) {
        var numbers = [
            "losses": Self.largestDifference(found, expected),
            "last_to_first": (found.last ?? .nan) / (found.first ?? .nan),
        ]
        for (index, loss) in found.enumerated() { numbers["loss_\(index < 9 ? "0" : "")\(index + 1)"] = loss }
        reportNumbers(
            name, numbers, limits: ["losses": Self.curveLimits[precision] ?? 0, "last_to_first": Self.learned])
    }

    /// The losses before each step of SGD on one batch of noise.
    private func classifierLosses(
        _ name: String, steps: Int, precision: DType, device: Device
    ) throws -> [Double] {
        let (batch, classes) = (16, 10)
        let architecture = try BackboneArchitecture(text: name).with { $0.classes = classes }
        let side = architecture.stem == .cifar ? 16 : 96
        Random.seed(0)
        let network = try Backbone(architecture)
        let labels = (0..<batch).map { Int64($0 % classes) }
        let images = Tensor.randn([batch, 3, side, side]).to(device)
        network.move(to: device)
        network.train()
        return withSteps(of: network, steps, precision, device) { inPrecision in
            F.crossEntropy(inPrecision { network(images) }.to(.float32), Tensor(labels).to(device))
        }
    }

    /// The losses before each step of an SSD300, in which nothing is drawn.
    private func detectorLosses(steps: Int, precision: DType, device: Device) throws -> [Double] {
        Random.seed(0)
        let detector = try SSD(.ssd300, backbone: BackboneArchitecture(text: "iresnet50"), classCount: 5)
        detector.move(to: device)
        detector.train()
        let images = (0..<4).map { _ in Tensor.rand([3, 300, 300]).to(device) }
        let targets = images.map { _ in Self.target }
        return withSteps(of: detector, steps, precision, device) { inPrecision in
            var terms: [Tensor] = []
            _ = inPrecision {
                terms = detector.losses(images: images, targets: targets).map { $0.value.to(.float32) }
                return terms[0]
            }
            return terms.dropFirst().reduce(terms[0]) { $0 + $1 }
        }
    }

    /// Takes steps of SGD down a loss that is computed in part in a precision. The rate is small: with a larger one, rounding
    /// alone moves losses by more than the limits within ten steps.
    private func withSteps(
        of module: Module, _ steps: Int, _ precision: DType, _ device: Device,
        loss: (_ inPrecision: (() -> Tensor) -> Tensor) -> Tensor
    ) -> [Double] {
        let optimizer = SGD(
            groups: ParameterGroup.split(module, weightDecay: 1e-4), learningRate: 1e-4, momentum: 0.9)
        // Small gradients in float16 would be rounded to zero. A power of two rounds nothing itself.
        let factor: Double = precision == .float16 ? 1024 : 1
        func inPrecision(_ body: () -> Tensor) -> Tensor {
            Self.computing(in: precision, on: device, body)
        }
        return (0..<steps).map { _ in
            let loss = loss(inPrecision)
            optimizer.zeroGrad()
            (loss * factor).backward()
            if factor != 1 {
                OptimizerOps.scaleGradients(optimizer.namedParameters.map(\.parameter.tensor), by: 1 / factor)
            }
            optimizer.step()
            return loss.item()
        }
    }
}
