import DataPipeline
import Foundation
import Media
import Support
import Tensors

extension Benchmark {
    /// Measures reading clips of a video: single ones at random places, for each of which the video is opened, as in
    /// training, and all views for a test.
    func runClips(_ inputs: Inputs) throws {
        guard let video = inputs.video else {
            throw MissingInput(description: "the suite clips reads a video: name it with --video")
        }
        let sampling = ClipSampling.kineticsStride4
        let frameCount = try VideoReader(path: video).frameCount
        guard frameCount >= sampling.span else {
            throw MissingInput(
                description: "\(video) has \(frameCount) frames, and a clip of the suite spans \(sampling.span)")
        }
        var lot = SeededRandom(seed: 0, epoch: 0, index: 0)
        let starts = (0..<24).map { _ in lot.integer(in: 0...sampling.lastStart(frameCount: frameCount)) }
        for threads in Set([1, Threads.count]).sorted() {
            let options = VideoOptions(threads: threads)
            try measure(
                "open + 16 frames, every 4th, from a random start: vertebra", batch: starts.count, warmUp: 1, runs: 5,
                perRun: starts.count, threads: threads
            ) {
                for start in starts {
                    let reader = try VideoReader(path: video, options: options)
                    _ = try reader.frames(at: sampling.indices(from: start, frameCount: frameCount))
                }
            }
            try measure("open + 30 views of 16 frames, 256x256: vertebra", warmUp: 1, runs: 7, threads: threads) {
                let views = try ClipViews(path: video, layout: .init(sampling: sampling), options: options)
                for first in stride(from: 0, to: views.count, by: 3) { _ = views.tensor(first..<first + 3) }
            }
        }
    }
}
