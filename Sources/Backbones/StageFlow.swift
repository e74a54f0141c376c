import Tensors

/// A value, with what the sum that made it said of its means and variances.
struct Measured {
    var value: Tensor
    var moments: Tensor?
}

/// What flows from block to block within a stage.
struct StageFlow {
    /// The output of the last block, `[N, C, …]`.
    var x: Measured
    /// The same before its last ReLU, where a shortcut asks for it.
    var beforeReLU: Measured?
    /// What the dense shortcuts of later blocks sum: each earlier block's value.
    var terms: [Measured] = []
}
