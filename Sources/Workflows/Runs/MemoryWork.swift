import DataPipeline
import Support
import Tensors

extension OutOfMemory.Work {
    /// A batch of images or clips, and the keys of the recipe whose values can be lowered.
    static func batch(
        of count: Int, _ kind: String, sizes: [ImageSize], frames: Int = 1, lower keys: [String],
        or others: [String] = []
    ) -> OutOfMemory.Work {
        let largest = sizes.max { $0.width * $0.height < $1.width * $1.height }
        let size = largest.map { " of up to \($0.width) × \($0.height) pixels" } ?? ""
        let length = frames > 1 ? " of \(frames) frames" : ""
        let list =
            keys.count > 1 ? keys.dropLast().joined(separator: ", ") + " or " + keys[keys.count - 1] : keys.joined()
        return OutOfMemory.Work(
            "a batch of \(count) \(kind)\(count == 1 ? "" : "s")\(length)\(size)",
            advice: "lower \(list)" + others.map { ", or \($0)" }.joined())
    }
}

extension DetectorModel {
    /// What a batch of images takes memory for.
    ///
    /// - Parameters:
    ///   - batch: The key of the recipe that says how many images there are.
    ///   - more: What else helps.
    func work(_ sizes: [ImageSize], taking batch: String, more: [String]) -> OutOfMemory.Work {
        let scale = recipe.input.side == nil ? ["input.shorter_side", "input.longer_side"] : []
        return .batch(of: sizes.count, "image", sizes: sizes, lower: [batch] + scale, or: more)
    }
}

extension ClassifierModel {
    /// What a batch of images `[N, 3, H, W]` or clips `[N, 3, T, H, W]` takes memory for.
    func work(_ shape: [Int], taking batch: String, more: [String] = []) -> OutOfMemory.Work? {
        guard shape.count >= 4 else { return nil }
        return .batch(
            of: shape[0], takesClips ? "clip" : "image",
            sizes: [ImageSize(width: shape[shape.count - 1], height: shape[shape.count - 2])],
            frames: takesClips ? shape[2] : 1,
            lower: [batch, "input.side"] + (takesClips ? ["input.frames"] : []), or: more)
    }
}
