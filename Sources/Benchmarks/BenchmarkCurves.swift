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
    /// How far a loss in bfloat16 may be from the one in float32 of the same weights, as a share of it. Eager PyTorch's autocast of a
    /// fresh ResNet-50 is up to 0.034 away within 50 steps.
    private static let ownKernelsLimit = 0.05

    /// What is known of a step of training.
    private struct CurvePoint {
        /// The loss before the step.
        var loss: Double
        /// The loss in float32 that the same weights have, where it was asked for. Rounding moves the weights themselves from one
        /// step to the next, more and more, in any program; in this loss it doesn't add up.
        var inFloat32: Double?
    }

    /// Compares the losses of training steps on a device, in each precision, with those on the CPU in float32; or those of this
    /// package's own kernels in bfloat16.
    func runCurves(_ inputs: Inputs) throws {
        try inputs.device.requirePresence()
        let steps = inputs.rounds ?? 10
        let compares = inputs.usesOwnKernels
        typealias Losses = (_ precision: DType, _ device: Device) throws -> [CurvePoint]
        let models =
            inputs.isSmall ? Self.smallCurveModels : Self.curveModels + (filter == nil ? [] : Self.furtherCurveModels)
        var cases: [(name: String, losses: Losses)] = models.filter(isWanted).map { name in
            (name, { try classifierLosses(name, steps: steps, precision: $0, device: $1, compares: compares) })
        }
        if isWanted("ssd300") && !inputs.isSmall {
            cases.append(
                (
                    "ssd300_iresnet50",
                    { try detectorLosses(steps: steps, precision: $0, device: $1, compares: compares) }
                ))
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

    private func reportCurve(_ name: String, _ found: [CurvePoint], _ expected: [CurvePoint], _ precision: DType) {
        let losses = found.map(\.loss), inFloat32 = found.compactMap(\.inFloat32)
        var numbers = [
            "losses": Self.largestDifference(losses, expected.map(\.loss)),
            "last_to_first": (losses.last ?? .nan) / (losses.first ?? .nan),
        ]
        var limits = ["losses": Self.curveLimits[precision] ?? 0, "last_to_first": Self.learned]
        if !inFloat32.isEmpty {
            numbers["losses_of_the_same_weights"] = Self.largestDifference(losses, inFloat32)
            limits = ["losses_of_the_same_weights": Self.ownKernelsLimit]
        }
        for (index, loss) in losses.enumerated() { numbers["loss_\(index < 9 ? "0" : "")\(index + 1)"] = loss }
        reportNumbers(name, numbers, limits: limits)
    }

    /// The losses before each step of SGD on one batch of noise; where losses are compared with those of the same weights, each on a
    /// batch of its own, in which each class has a pattern under the noise: no loss comes near to zero, of which rounding would be a
    /// large share.
    private func classifierLosses(
        _ name: String, steps: Int, precision: DType, device: Device, compares: Bool
    ) throws -> [CurvePoint] {
        let (batch, classes) = (16, 10)
        let architecture = try BackboneArchitecture(text: name).with { $0.classes = classes }
        let side = architecture.stem == .cifar ? 16 : 96
        Random.seed(0)
        let network = try Backbone(architecture)
        let labels = (0..<batch).map { Int64($0 % classes) }
        let patterns =
            compares ? Tensor.randn([classes, 3, side, side]) * 0.5 : Tensor.zeros([classes, 3, side, side])
        func noisy() -> Tensor {
            Tensor.randn([batch, 3, side, side]) + patterns.indexSelect(dim: 0, Tensor(labels))
        }
        var images = noisy().to(device)
        network.move(to: device)
        network.train()
        let beforeStep = { if compares { images = noisy() } }
        return withSteps(of: network, steps, precision, device, compares: compares, beforeStep) { inPrecision in
            F.crossEntropy(inPrecision { network(images) }.to(.float32), Tensor(labels).to(device))
        }
    }

    /// The losses before each step of an SSD300, in which nothing is drawn.
    private func detectorLosses(
        steps: Int, precision: DType, device: Device, compares: Bool
    ) throws -> [CurvePoint] {
        Random.seed(0)
        let detector = try SSD(.ssd300, backbone: BackboneArchitecture(text: "iresnet50"), classCount: 5)
        detector.move(to: device)
        detector.train()
        let images = (0..<4).map { _ in Tensor.rand([3, 300, 300]).to(device) }
        let targets = images.map { _ in Self.target }
        return withSteps(of: detector, steps, precision, device, compares: compares) { inPrecision in
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
        of module: Module, _ steps: Int, _ precision: DType, _ device: Device, compares: Bool,
        _ beforeStep: () -> Void = {}, loss: (_ inPrecision: (() -> Tensor) -> Tensor) -> Tensor
    ) -> [CurvePoint] {
        let optimizer = SGD(
            groups: ParameterGroup.split(module, weightDecay: 1e-4), learningRate: 1e-4, momentum: 0.9)
        // Small gradients in float16 would be rounded to zero. A power of two rounds nothing itself.
        let factor: Double = precision == .float16 ? 1024 : 1
        func inPrecision(_ body: () -> Tensor) -> Tensor {
            Self.computing(in: precision, on: device, body)
        }
        return (0..<steps).map { _ in
            beforeStep()
            let inFloat32 = compares && precision != .float32 ? withoutGrad { loss { $0() }.item() } : nil
            let loss = loss(inPrecision)
            optimizer.zeroGrad()
            (loss * factor).backward()
            if factor != 1 {
                OptimizerOps.scaleGradients(optimizer.namedParameters.map(\.parameter.tensor), by: 1 / factor)
            }
            optimizer.step()
            return CurvePoint(loss: loss.item(), inFloat32: inFloat32)
        }
    }
}
