import Tensors

/// A part of a network that holds parameters, buffers and other modules in stored properties: a `torch.nn.Module`.
///
/// The names of the state dict follow from the properties: each is named as the property in snake case, or by
/// ``Named``; elements of an array are `property.0`, `property.1`, …; optionals that are nil are left out. So a module
/// with `let conv1: Conv2d` has a parameter `conv1.weight`, as in PyTorch. The properties are looked at once, when the
/// names are first needed; a module that gets other parts later must call ``structureDidChange()``.
open class Module {
    /// Whether the module is in training: batch norm then takes the batch's statistics, and dropout drops. True at
    /// first; ``train(_:)`` and ``eval()`` set it.
    public private(set) var isTraining = true
    /// Whether ``freeze()`` has put the module in evaluation for good.
    public private(set) var isFrozen = false

    private var cachedStructure: ModuleStructure?

    /// A module in training, whose parts are its stored properties.
    public init() {}

    var structure: ModuleStructure {
        if let cachedStructure { return cachedStructure }
        let structure = ModuleStructure(reflecting: self)
        cachedStructure = structure
        return structure
    }

    /// Forgets the names that were found; to be called after a stored property was given another module, parameter or
    /// buffer.
    public func structureDidChange() {
        cachedStructure = nil
    }

    /// The modules that this one holds directly, by name. By default they are found in its stored properties; a module
    /// that overrides this gives the whole list.
    open func children() -> [(name: String, module: Module)] {
        structure.children
    }

    /// Names of tensors that a state dict may hold for this module although it has no use for them: they are not
    /// reported as unexpected.
    open var ignoredStateNames: Set<String> { [] }

    /// Names of this module's own tensors that a state dict may lack without their being reported as missing.
    open var optionalStateNames: Set<String> { [] }

    /// Switches this module and all modules in it to training, or with false to evaluation; what is frozen stays in
    /// evaluation.
    open func train(_ on: Bool = true) {
        isTraining = on && !isFrozen
        for (_, child) in children() { child.train(on) }
    }

    /// Switches this module and all modules in it to evaluation: batch norm goes by its running statistics, dropout
    /// does nothing.
    public final func eval() {
        train(false)
    }

    /// This module and every module in it, each once, by dotted name; its own name is empty. Parents come before their
    /// parts.
    public final func namedModules() -> [(name: String, module: Module)] {
        var seen = Set<ObjectIdentifier>()
        var result: [(name: String, module: Module)] = []
        visit(prefix: "") { prefix, module in
            if seen.insert(ObjectIdentifier(module)).inserted { result.append((prefix, module)) }
        }
        return result
    }

    /// Every parameter of this module and those in it, each once, by dotted name, in PyTorch's order: a module's own,
    /// then those of its parts.
    public final func namedParameters() -> [(name: String, parameter: Parameter)] {
        var seen = Set<ObjectIdentifier>()
        var result: [(name: String, parameter: Parameter)] = []
        visit(prefix: "") { prefix, module in
            for (name, parameter) in module.structure.parameters
            where seen.insert(ObjectIdentifier(parameter)).inserted {
                result.append((Self.join(prefix, name), parameter))
            }
        }
        return result
    }

    /// Every buffer of this module and those in it, persistent or not, each once, by dotted name.
    public final func namedBuffers() -> [(name: String, buffer: Buffer)] {
        var seen = Set<ObjectIdentifier>()
        var result: [(name: String, buffer: Buffer)] = []
        visit(prefix: "") { prefix, module in
            for (name, buffer) in module.structure.buffers where seen.insert(ObjectIdentifier(buffer)).inserted {
                result.append((Self.join(prefix, name), buffer))
            }
        }
        return result
    }

    /// Every parameter of this module and those in it, each once, in the order of ``namedParameters()``.
    public final var parameters: [Parameter] { namedParameters().map(\.parameter) }

    /// How many numbers the parameters hold, frozen ones included, shared ones counted once.
    public final var parameterCount: Int { namedParameters().reduce(0) { $0 + $1.parameter.count } }

    /// Sets for every parameter whether `backward` computes a gradient for it; false freezes them all and drops their
    /// gradients.
    public final func setRequiresGrad(_ on: Bool) {
        for (_, parameter) in namedParameters() { parameter.requiresGrad = on }
    }

    /// Keeps this module and all modules in it as they are from now on: no parameter is trained, and they stay in
    /// evaluation whatever ``train(_:)`` says, so that norms go by their running statistics and leave them alone.
    public final func freeze() {
        setRequiresGrad(false)
        for (_, module) in namedModules() {
            module.isFrozen = true
            module.isTraining = false
        }
    }

    /// Moves every parameter and buffer to `device`. Gradients are dropped.
    public final func move(to device: Device) {
        convertTensors { $0.to(device) }
    }

    /// Converts every floating-point parameter and buffer to `dtype`. Gradients are dropped.
    public final func convert(to dtype: DType) {
        convertTensors { $0.dtype.isFloatingPoint ? $0.to(dtype) : $0 }
    }

    /// Lays the weights of 2D and 3D convolutions out in memory with the channels last, as kernels want them beside
    /// channels-last activations, or, where `on` is false, in the order of their axes. Values and state dicts stay the same.
    /// Gradients are dropped.
    public final func convertToChannelsLast(_ on: Bool = true) {
        for (_, parameter) in namedParameters() where [4, 5].contains(parameter.tensor.rank) {
            let channelsLast = parameter.tensor.rank == 4 ? MemoryFormat.channelsLast : .channelsLast3D
            parameter.replace(with: withoutGrad { parameter.tensor.to(memoryFormat: on ? channelsLast : .contiguous) })
        }
    }

    private func convertTensors(_ convert: (Tensor) -> Tensor) {
        withoutGrad {
            for (_, parameter) in namedParameters() { parameter.replace(with: convert(parameter.tensor)) }
            for (_, buffer) in namedBuffers() { buffer.tensor = convert(buffer.tensor) }
        }
    }

    final func visit(prefix: String, _ body: (_ prefix: String, _ module: Module) -> Void) {
        body(prefix, self)
        for (name, child) in children() { child.visit(prefix: Self.join(prefix, name), body) }
    }

    static func join(_ prefix: String, _ name: String) -> String {
        prefix.isEmpty ? name : prefix + "." + name
    }
}

/// A module that makes one tensor of another.
public protocol UnaryLayer: Module {
    /// The layer's output for an input; the layer says which shapes it takes and gives.
    func callAsFunction(_ x: Tensor) -> Tensor
}
