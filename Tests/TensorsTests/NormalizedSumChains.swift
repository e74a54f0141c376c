import Tensors

/// What chains are made of.
struct Leaves {
    var maps: [Tensor]
    var weights: [Tensor]
    var biases: [Tensor]

    /// Maps, weights and biases of `[N, C, …]`, which all learn.
    init(_ shape: [Int], _ dtype: DType = .float32) {
        let format: MemoryFormat = shape.count == 4 ? .channelsLast : .channelsLast3D
        maps = (0..<7).map { _ in
            (Tensor.randn(shape) + 0.5).to(dtype).to(memoryFormat: format).requiringGrad()
        }
        weights = (0..<24).map { _ in (Tensor.rand([shape[1]]) + 0.5).requiringGrad() }
        biases = (0..<7).map { _ in Tensor.randn([shape[1]]).requiringGrad() }
    }

    var all: [Tensor] { maps + weights + biases }

    /// Equal numbers in float64, and not with the channels last: there libtorch's group norm wants all gradients.
    var exact: Leaves { with { $0.to(.float64).to(memoryFormat: .contiguous) } }

    /// Gradients of other tensors, which learn where these do.
    func with(_ change: (Tensor) -> Tensor) -> Leaves {
        func changed(_ leaves: [Tensor]) -> [Tensor] {
            leaves.map { change($0.detached()).requiringGrad($0.requiresGrad) }
        }
        var result = self
        result.maps = changed(maps)
        result.weights = changed(weights)
        result.biases = changed(biases)
        return result
    }
}

/// A network of sums: what comes out, and every sum on the way.
struct Chain: Sendable {
    let name: String
    let build: @Sendable (Leaves, Sum) -> [Tensor]

    typealias Sum = ([SumTerm], Bool) -> Tensor

    private enum Norm: String, CaseIterable {
        case batch, group, layer, instance, none

        func term(_ x: Tensor, weight: Tensor?) -> SumTerm {
            let norm: SumTerm.Norm =
                switch self {
                case .batch: .batch(runningMean: nil, runningVariance: nil, momentum: 0)
                case .group: .group(8)
                case .layer: .group(1)
                case .instance: .group(x.shape[1])
                case .none: .none
                }
            return SumTerm(x, norm: norm, weight: weight)
        }
    }

    /// What a convolution would make of a sum, as far as gradients go: autograd's own path back.
    private static func read(_ x: Tensor, _ map: Tensor) -> Tensor { x * 0.5 + map }

    static func batch(_ x: Tensor, _ l: Leaves, _ i: Int) -> SumTerm {
        SumTerm(
            x, norm: .batch(runningMean: nil, runningVariance: nil, momentum: 0), weight: l.weights[i],
            bias: l.biases[i])
    }

    /// A_l = ReLU(X_l + Σ_{i<l} w ⊙ N(A_i)), where X_l follows from A_{l−1} or from no sum at all.
    private static func dense(_ count: Int, _ norm: Norm, isWeighted: Bool, isAlsoRead: Bool) -> Chain {
        let name =
            "\(count) dense, \(norm)\(isWeighted ? ", weighted" : "")\(isAlsoRead ? ", also read" : "")"
        return Chain(name: name) { l, sum in
            var outputs = [sum([batch(l.maps[0], l, 0)], true)]
            var next = 7
            for index in 1..<count {
                let x = isAlsoRead ? read(outputs[index - 1], l.maps[index]) : l.maps[index]
                let earlier = outputs.map { a in
                    next += 1
                    return norm.term(a, weight: isWeighted ? l.weights[next - 1] : nil)
                }
                outputs.append(sum([batch(x, l, index)] + earlier, true))
            }
            return outputs
        }
    }

    /// A_l = X_l + A_{l−1}, rectified or not.
    private static func identities(rectified: Bool) -> Chain {
        Chain(name: "identities\(rectified ? ", rectified" : "")") { l, sum in
            var outputs = [sum([batch(l.maps[0], l, 0)], rectified)]
            for index in 1..<6 {
                let last = outputs[index - 1]
                let residual =
                    rectified ? batch(read(last, l.maps[index]), l, index) : SumTerm(read(last, l.maps[index]))
                outputs.append(sum([residual, SumTerm(last)], rectified))
            }
            return outputs
        }
    }

    /// Every way in which sums follow sums.
    static let all: [Chain] =
        (2...6).map { dense($0, .group, isWeighted: true, isAlsoRead: true) }
        + Norm.allCases.flatMap { norm in
            [(true, false), (false, true), (true, true), (false, false)].map {
                dense(4, norm, isWeighted: $0.0, isAlsoRead: $0.1)
            }
        }
        + [
            identities(rectified: true), identities(rectified: false),
            Chain(name: "RG with identity") { l, sum in
                var outputs = [sum([batch(l.maps[0], l, 0)], true)]
                for index in 1..<5 {
                    let last = outputs[index - 1]
                    outputs.append(
                        sum(
                            [
                                batch(read(last, l.maps[index]), l, index),
                                SumTerm(
                                    last, norm: .group(4), weight: l.weights[7 + index], bias: l.biases[6],
                                    isPlain: true),
                            ], true))
                }
                return outputs
            },
            // One sum as three addends, by two norms with different means.
            Chain(name: "one sum thrice") { l, sum in
                let a = sum([batch(l.maps[0], l, 0)], true)
                let b = sum(
                    [
                        SumTerm(a), SumTerm(a, norm: .group(4)), SumTerm(l.maps[1]),
                        SumTerm(a, norm: .batch(runningMean: nil, runningVariance: nil, momentum: 0)), SumTerm(a),
                    ], true)
                let c = sum([SumTerm(a, norm: .group(32)), SumTerm(b), SumTerm(a, weight: l.weights[1])], false)
                return [a, b, c]
            },
            // Around a 3×3 and around the block, as in DS2Net.
            Chain(name: "inner") { l, sum in
                var outputs = [sum([batch(l.maps[0], l, 0)], true)]
                for index in 1..<4 {
                    let u = sum([batch(read(outputs[index - 1], l.maps[index]), l, index)], true)
                    let v = sum(
                        [
                            batch(read(u, l.maps[index + 3]), l, index + 3),
                            SumTerm(u, norm: .group(8), weight: l.weights[6 + index]),
                        ], true)
                    let earlier = outputs.enumerated().map {
                        SumTerm($1, norm: .group(8), weight: l.weights[9 + 3 * index + $0])
                    }
                    outputs.append(sum([SumTerm(read(v, l.maps[6]))] + earlier, true))
                }
                return outputs
            },
            // A norm by itself in front of each residual, as in the staged order.
            Chain(name: "staged") { l, sum in
                var outputs = [sum([batch(l.maps[0], l, 0)], false)]
                for index in 1..<5 {
                    let last = outputs[index - 1]
                    let v = sum([batch(last, l, index)], true)
                    outputs.append(sum([SumTerm(read(v, l.maps[index])), SumTerm(last)], false))
                }
                return outputs + [sum([batch(outputs[4], l, 5)], true)]
            },
        ]
}
