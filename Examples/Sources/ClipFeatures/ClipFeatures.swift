import Architectures
import Backbones
import DataPipeline
import Media
import Support
import Tensors
import Workflows

/// Turns a video into features of its clips, one vector for every 16 frames taken, by a 3D network:
///
///     ClipFeatures VIDEO.mp4 FEATURES.safetensors [MODEL [WEIGHTS]]
///
/// WEIGHTS may be those of the network for pictures with the same blocks: they are inflated.
@main
struct ClipFeatures {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 2 else {
            fatalError("usage: ClipFeatures VIDEO FEATURES.safetensors [MODEL [WEIGHTS]]")
        }
        let architecture = try Catalogue.architecture(named: arguments.count > 2 ? arguments[2] : "iresnet3d50")
        let network = try Backbone(architecture, classes: nil)
        if arguments.count > 3 {
            // The classifier's weights are left over.
            let weights = try WeightsFile(arguments[3])
            try network.loadStateDict(network.inflating(weights.state), strict: false)
        }
        let encoder = network.optimizedForInference()

        let video = try VideoReader(path: arguments[0])
        // 16 frames, two apart; four clips spread over the video. A shorter video starts again from its first frame.
        let clips = ClipSampling(length: 16, stride: 2).evenClips(4, frameCount: video.frameCount)
        let size = ResizeRule.shorterSide(112, .down).size(of: video.size)
        let features = try clips.map { indices in
            let frames = try video.frames(at: indices, size: size)
            return encoder(clip(frames))
        }
        try Safetensors.write([("features", Tensor.cat(features))], to: arguments[1])
        print("\(video.frameCount) frames, \(clips.count) clips of \(clips[0].count): \(Tensor.cat(features).shape)")
    }

    /// Frames of one clip as `[1, 3, T, H, W]`, with Kinetics' usual mean 0 and deviation 1.
    static func clip(_ frames: VideoFrames) -> Tensor {
        let shape = [1, frames.indices.count, frames.height, frames.width, 3]
        let pixels = Tensor(frames.pixels, shape: shape).permute([0, 4, 1, 2, 3]).to(.float32) / 255
        let mean = Tensor([Float(0.485), 0.456, 0.406], shape: [1, 3, 1, 1, 1])
        let deviation = Tensor([Float(0.229), 0.224, 0.225], shape: [1, 3, 1, 1, 1])
        return (pixels - mean) / deviation
    }
}
