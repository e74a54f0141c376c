import Tensors

/// Changes parameters by their gradients, one step at a time: a `torch.optim.Optimizer`.
public protocol Optimizer: AnyObject {
    /// Factor on every step, before a group's own. Schedules set it between steps.
    var learningRate: Double { get set }
    /// The parameters, in groups with a learning rate factor and a weight decay each.
    var groups: [ParameterGroup] { get }

    /// Moves every parameter that holds a gradient by one step; the others keep their values and their state.
    ///
    /// - Parameter isInvalid: float32 `[]` on the parameters' device; where it is 1, no parameter moves, and nobody had to
    ///   wait for the device to know it. The step counts all the same.
    func step(unless isInvalid: Tensor?)

    /// Takes back the count of the last step, in which `isInvalid` was 1.
    func takeStepBack()

    /// What is remembered between steps, as tensors named `parameter/quantity`, beside `parameter/step`, an int64
    /// scalar.
    func stateDict() -> [(name: String, tensor: Tensor)]

    /// Takes up the state of an optimiser of the same kind over the same parameters.
    ///
    /// - Throws: ``OptimizerStateError`` where a name or a shape doesn't belong to the parameters; nothing is then
    ///   changed.
    func loadStateDict(_ state: [(name: String, tensor: Tensor)]) throws
}

extension Optimizer {
    /// The parameters of all groups, by name.
    public var namedParameters: [(name: String, parameter: Parameter)] { groups.flatMap(\.parameters) }

    /// Moves every parameter that holds a gradient by one step; the others keep their values and their state.
    public func step() { step(unless: nil) }

    /// Drops the gradients of the parameters of all groups.
    public func zeroGrad() {
        OptimizerOps.dropGradients(namedParameters.map(\.parameter.tensor))
    }
}

/// A saved state does not fit an optimiser's parameters.
public struct OptimizerStateError: Error, CustomStringConvertible {
    /// One line for each name that doesn't fit.
    public let problems: [String]

    /// What doesn't fit, name by name, and what may have changed.
    public var description: String {
        "the optimiser's state doesn't fit its parameters; was the recipe changed since?\n"
            + problems.prefix(12).map { "  \($0)" }.joined(separator: "\n")
            + (problems.count > 12 ? "\n  … and \(problems.count - 12) more" : "")
    }
}

/// What an optimiser keeps for one parameter: tensors laid out as the parameter, and the steps it has taken.
struct ParameterState {
    var tensors: [Tensor]
    var steps: Int
}

/// The states of an optimiser's parameters, by parameter name.
struct OptimizerState {
    /// Names of a parameter's tensors, such as `momentum_buffer`.
    let quantities: [String]
    private(set) var states: [String: ParameterState] = [:]

    init(quantities: [String], groups: [ParameterGroup]) {
        self.quantities = quantities
        var seen = Set<String>()
        for (name, _) in groups.flatMap(\.parameters) {
            precondition(seen.insert(name).inserted, "the parameter \(name) is in two groups of one optimiser")
        }
    }

    /// The state of a parameter, zero before its first step; laid out anew where the parameter has moved since.
    mutating func state(of name: String, _ parameter: Tensor) -> ParameterState {
        if let state = states[name] {
            guard let first = state.tensors.first, !first.matchesLayout(of: parameter) else { return state }
            let moved = ParameterState(
                tensors: state.tensors.map { Self.laidOut($0, as: parameter) }, steps: state.steps)
            states[name] = moved
            return moved
        }
        let fresh = ParameterState(
            tensors: quantities.map { _ in withoutGrad { Tensor.zerosLike(parameter) } }, steps: 0)
        states[name] = fresh
        return fresh
    }

    mutating func countStep(of name: String, by count: Int = 1) {
        states[name]?.steps += count
    }

    /// Takes back the count of the last step of all parameters that hold a gradient.
    mutating func takeStepBack(_ parameters: [(name: String, parameter: Parameter)]) {
        let haveGradients = OptimizerOps.haveGradients(parameters.map(\.parameter.tensor))
        for ((name, _), hasGradient) in zip(parameters, haveGradients) where hasGradient { countStep(of: name, by: -1) }
    }

    func stateDict(_ parameters: [(name: String, parameter: Parameter)]) -> [(name: String, tensor: Tensor)] {
        var result: [(name: String, tensor: Tensor)] = []
        for (name, _) in parameters {
            guard let state = states[name] else { continue }
            for (quantity, tensor) in zip(quantities, state.tensors) { result.append(("\(name)/\(quantity)", tensor)) }
            result.append(("\(name)/step", Tensor([Int64(state.steps)], shape: [])))
        }
        return result
    }

    mutating func load(
        _ state: [(name: String, tensor: Tensor)], for parameters: [(name: String, parameter: Parameter)]
    ) throws {
        var given: [String: Tensor] = [:]
        var problems: [String] = []
        for (name, tensor) in state where given.updateValue(tensor, forKey: name) != nil {
            problems.append("\(name) is there twice")
        }
        var loaded: [String: ParameterState] = [:]
        for (name, parameter) in parameters {
            guard let steps = given.removeValue(forKey: "\(name)/step") else { continue }
            var tensors: [Tensor] = []
            for quantity in quantities {
                guard let tensor = given.removeValue(forKey: "\(name)/\(quantity)") else {
                    problems.append("\(name)/\(quantity) is missing")
                    continue
                }
                guard tensor.shape == parameter.shape else {
                    problems.append("\(name)/\(quantity) has shape \(tensor.shape), the parameter \(parameter.shape)")
                    continue
                }
                tensors.append(Self.laidOut(tensor, as: parameter.tensor))
            }
            guard steps.count == 1 else {
                problems.append("\(name)/step is not one number")
                continue
            }
            loaded[name] = ParameterState(tensors: tensors, steps: steps.itemInt())
        }
        problems += given.keys.sorted().map { "\($0) belongs to no parameter" }
        guard problems.isEmpty else { throw OptimizerStateError(problems: problems) }
        states = loaded
    }

    private static func laidOut(_ values: Tensor, as parameter: Tensor) -> Tensor {
        withoutGrad {
            let result = Tensor.zerosLike(parameter)
            result.copyInPlace(from: values)
            return result
        }
    }
}

extension Tensor {
    /// Whether both lie in memory in the same way, on the same device, in the same dtype. The strides of axes of one
    /// element don't matter.
    fileprivate func matchesLayout(of other: Tensor) -> Bool {
        guard device == other.device, dtype == other.dtype else { return false }
        return zip(shape, zip(strides, other.strides)).allSatisfy { $0 <= 1 || $1.0 == $1.1 }
    }
}
