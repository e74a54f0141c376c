import Architectures
import Tensors

extension Backbone {
    /// The state dict of an image network as one of this network on clips: every kernel is repeated along the axis of time
    /// and divided by its length there, so that a clip that stands still gives what its picture gives (Carreira and
    /// Zisserman, 2017, section 2.4.1).
    ///
    /// Names and other tensors stay as they are, and so does a kernel whose shape is not this network's without time: loading
    /// the result says what doesn't fit.
    public func inflating(_ state: [(name: String, tensor: Tensor)]) -> [(name: String, tensor: Tensor)] {
        let shapes = Dictionary(plan.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        return state.map { name, tensor in
            guard let shape = shapes[name], shape.count == 5 else { return (name, tensor) }
            var flat = shape
            let duration = flat.remove(at: 2)
            guard tensor.shape == flat else { return (name, tensor) }
            flat.insert(1, at: 2)
            let frame = (tensor * (1 / Double(duration))).reshape(flat)
            return (name, Tensor.cat(Array(repeating: frame, count: duration), dim: 2))
        }
    }
}
