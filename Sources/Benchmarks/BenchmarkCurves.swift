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

    /// How far a loss may be from the one that the CPU computes in float32 of the same weights, as a share of the first loss. Eager
    /// PyTorch's autocast of a fresh ResNet-50 is up to 0.034 away within 50 steps.
    private static let curveLimits: [DType: Double] = [.float32: 1e-3, .bfloat16: 5e-2, .float16: 5e-2]
    /// What the last loss on a batch that every step sees must have come down to, as a share of the first, lest losses agree where
    /// nothing is learned.
    private static let learned = 0.9

    /// A training whose losses are compared.
    private struct Curve {
        let steps: Int
        let precision: DType
        let device: Device
        /// Whether the CPU computes as devices do.
        let isComposed: Bool
        /// Whether every step has a batch of its own: then no loss comes near to zero, of which rounding would be a large share.
        let isFresh: Bool
    }

    /// A loss before a step, and what the CPU computes for the same weights and batch in float32. Rounding moves the weights
    /// themselves from one step to the next, more and more, in any program; in the difference of these two it doesn't add up.
    private struct CurvePoint {
        var loss, expected: Double
    }

    /// Compares the losses of training steps on a device, in each precision, with the CPU's in float32; or those of this package's
    /// own kernels in bfloat16.
    func runCurves(_ inputs: Inputs) throws {
        try inputs.device.requirePresence()
        typealias Losses = (_ curve: Curve) throws -> [CurvePoint]
        let models =
            inputs.isSmall ? Self.smallCurveModels : Self.curveModels + (filter == nil ? [] : Self.furtherCurveModels)
        var cases: [(name: String, losses: Losses)] = models.filter(isWanted).map { name in
            (name, { try classifierLosses(name, $0) })
        }
        if isWanted("ssd300") && !inputs.isSmall { cases.append(("ssd300_iresnet50", detectorLosses)) }
        let isOwn = inputs.usesOwnKernels
        try withExactArithmetic {
            for (name, losses) in cases {
                for precision in isOwn ? [DType.bfloat16] : [.float32, .bfloat16, .float16] {
                    let curve = Curve(
                        steps: inputs.rounds ?? 10, precision: precision, device: isOwn ? .cpu : inputs.device,
                        isComposed: !isOwn, isFresh: isOwn)
                    report(name, curve, try losses(curve))
                }
            }
        }
    }

    /// The largest difference of losses, as a share of one number, or of the expected ones; infinite where one can't be compared.
    static func largestDifference(_ found: [Double], _ expected: [Double], over scale: Double? = nil) -> Double {
        guard found.count == expected.count else { return .infinity }
        return zip(found, expected).reduce(0) { worst, losses in
            let difference = abs(losses.0 - losses.1) / abs(scale ?? losses.1)
            return difference.isFinite ? max(worst, difference) : .infinity
        }
    }

    private func report(_ name: String, _ curve: Curve, _ points: [CurvePoint]) {
        let first = abs(points.first?.expected ?? .nan)
        let losses = points.map(\.loss)
        var numbers = [
            "losses": Self.largestDifference(losses, points.map(\.expected), over: first),
            "last_to_first": (losses.last ?? .nan) / (losses.first ?? .nan),
        ]
        for (index, loss) in losses.enumerated() { numbers["loss_\(index < 9 ? "0" : "")\(index + 1)"] = loss }
        var limits = ["losses": Self.curveLimits[curve.precision] ?? 0]
        if !curve.isFresh { limits["last_to_first"] = Self.learned }
        reportNumbers("\(name) \(curve.steps) steps \(curve.precision) \(curve.device)", numbers, limits: limits)
    }

    /// The losses before each step of SGD on noise, in which each class has a pattern where every step has its own batch.
    private func classifierLosses(_ name: String, _ curve: Curve) throws -> [CurvePoint] {
        let (batch, classes) = (16, 10)
        let architecture = try BackboneArchitecture(text: name).with { $0.classes = classes }
        let side = architecture.stem == .cifar ? 16 : 96
        Random.seed(0)
        let network = try Backbone(architecture)
        let patterns = Tensor.randn([classes, 3, side, side]) * (curve.isFresh ? 0.5 : 0)
        let labels = Tensor((0..<batch).map { Int64($0 % classes) })
        func noisy() -> Tensor { Tensor.randn([batch, 3, side, side]) + patterns.indexSelect(dim: 0, labels) }
        var images = noisy()
        return try losses(of: network, try Backbone(architecture), curve) {
            if curve.isFresh { images = noisy() }
        } loss: { network, device, inPrecision in
            F.crossEntropy(inPrecision { network(images.to(device)) }.to(.float32), labels.to(device))
        }
    }

    /// The losses before each step of an SSD300, in which nothing is drawn.
    private func detectorLosses(_ curve: Curve) throws -> [CurvePoint] {
        func detector() throws -> SSD {
            try SSD(.ssd300, backbone: BackboneArchitecture(text: "iresnet50"), classCount: 5)
        }
        Random.seed(0)
        let trained = try detector()
        let images = (0..<4).map { _ in Tensor.rand([3, 300, 300]) }
        let targets = images.map { _ in Self.target }
        return try losses(of: trained, try detector(), curve) { detector, device, inPrecision in
            var terms: [Tensor] = []
            _ = inPrecision {
                terms = detector.losses(images: images.map { $0.to(device) }, targets: targets).map {
                    $0.value.to(.float32)
                }
                return terms[0]
            }
            return terms.dropFirst().reduce(terms[0]) { $0 + $1 }
        }
    }

    /// Takes steps of SGD down a loss that is computed in part in a precision. The rate is small: with a larger one some of these
    /// networks overshoot.
    ///
    /// - Parameters:
    ///   - network: what is trained, on the curve's device.
    ///   - reference: its like on the CPU, which is given its weights before each step.
    ///   - curve: the training.
    ///   - beforeStep: what makes a step's batch.
    ///   - loss: the loss of a network that is on a device, in which `inPrecision` computes the network.
    private func losses<Network: Module>(
        of network: Network, _ reference: Network, _ curve: Curve, beforeStep: () -> Void = {},
        loss: (_ network: Network, _ device: Device, _ inPrecision: (() -> Tensor) -> Tensor) -> Tensor
    ) throws -> [CurvePoint] {
        network.move(to: curve.device)
        for module in [network, reference] { module.train() }
        let optimizer = SGD(
            groups: ParameterGroup.split(network, weightDecay: 1e-4), learningRate: 1e-4, momentum: 0.9)
        // Small gradients in float16 would be rounded to zero. A power of two rounds nothing itself.
        let factor: Double = curve.precision == .float16 ? 1024 : 1
        func takeStep() -> Double {
            let loss = loss(network, curve.device) { Self.computing(in: curve.precision, on: curve.device, $0) }
            optimizer.zeroGrad()
            (loss * factor).backward()
            if factor != 1 {
                OptimizerOps.scaleGradients(optimizer.namedParameters.map(\.parameter.tensor), by: 1 / factor)
            }
            optimizer.step()
            return loss.item()
        }
        return try (0..<curve.steps).map { _ in
            beforeStep()
            try reference.loadStateDict(network.stateDict())
            let expected: Double = withoutGrad { loss(reference, .cpu) { $0() }.item() }
            return CurvePoint(loss: curve.isComposed ? asOnDevice(takeStep) : takeStep(), expected: expected)
        }
    }
}
