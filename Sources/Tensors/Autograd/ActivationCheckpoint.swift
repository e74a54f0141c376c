import CTorch

/// Runs `segment` on `x` without keeping the activations inside it: the backward pass runs it once more to have them
/// (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016). It pays time for memory.
///
/// The segment must give the same result twice; ``isRecomputing`` tells it that it runs for the second time, so that
/// what it counts is counted once. The gradients of parameters inside it are added to their `grad` by `backward`;
/// `gradients(of:for:)` doesn't return them. There is no second derivative. Where no operation is recorded, the segment
/// is simply run.
public func checkpointed(_ x: Tensor, _ segment: @escaping (Tensor) -> Tensor) -> Tensor {
    guard isGradEnabled else { return segment(x) }
    let calls = ct_segment(
        context: Unmanaged.passRetained(Segment(segment)).toOpaque(),
        run: { context, x in
            guard let context, let x else { fatalError("checkpointed: the engine gave no input") }
            let segment = Unmanaged<Segment>.fromOpaque(context).takeUnretainedValue()
            let y = segment.body(Tensor(owning: x))
            return withExtendedLifetime(y) { ct_share(y.raw) }
        },
        release: { context in
            if let context { Unmanaged<Segment>.fromOpaque(context).release() }
        })
    return produce("checkpointed", [x]) { ct_checkpoint(x.raw, calls, $0) }
}

/// Whether the calling thread runs a segment of ``checkpointed(_:_:)`` for the second time, in the backward pass.
public var isRecomputing: Bool { ct_is_recomputing() }

private final class Segment {
    let body: (Tensor) -> Tensor

    init(_ body: @escaping (Tensor) -> Tensor) { self.body = body }
}
