import Media

/// What a network is given: the size of its pictures or clips, and how their pixels become numbers.
package struct ModelInput: Codable, Hashable, Sendable {
    /// Mean of red, green and blue, for pixels in 0…1.
    package let mean: [Double]
    /// Standard deviation of red, green and blue, for pixels in 0…1.
    package let deviation: [Double]
    /// Width and height in pixels where all inputs have one size.
    package var side: Int?
    /// Pixels of the shorter side before any crop.
    package var shorterSide: Int?
    /// Largest number of pixels of the longer side, for whole pictures.
    package var longerSide: Int?
    /// Frames of a clip.
    package var frames: Int?
    /// Frames from one of a clip to the next.
    package var stride: Int?

    enum CodingKeys: String, CodingKey {
        case mean, deviation, side, frames, stride
        case shorterSide = "shorter_side"
        case longerSide = "longer_side"
    }

    /// The input of a recipe's model.
    ///
    /// - Throws: `RecipeFileError`.
    init(_ file: RecipeFile) throws {
        switch try VisionTask(of: file) {
        case .detection:
            let recipe = try file.decode(DetectionRecipe.self)
            if let ssd = recipe.model.ssd {
                (mean, deviation) = (ssd.imageMean, ssd.imageStd)
                side = ssd.variant.side
            } else {
                (mean, deviation) = (recipe.model.fasterRCNN.imageMean, recipe.model.fasterRCNN.imageStd)
                shorterSide = recipe.input.shorterSide.last
                longerSide = recipe.input.longerSide
            }
        case .classification:
            let recipe = try file.decode(ClassificationRecipe.self), input = recipe.input
            (mean, deviation, side) = (input.mean, input.deviation, input.side)
            if !recipe.data.format.isCIFAR { shorterSide = input.shorterSide }
            if recipe.data.format.isOfVideos { (frames, stride) = (input.frames, input.stride) }
        }
    }

    /// The size in words.
    package var size: String {
        guard let side else {
            return "shorter side \(shorterSide ?? 0) pixels, longer side at most \(longerSide ?? 0)"
        }
        let crop = shorterSide.map { ", cut from a shorter side of \($0)" } ?? ""
        guard let frames, let stride else { return "\(side)×\(side) pixels" + crop }
        return "\(frames) frames of \(side)×\(side) pixels, \(stride) apart" + crop
    }

    /// The normalisation in words.
    package var normalization: String {
        func list(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
        return "(pixel / 255 − mean) / deviation of red, green, blue; mean \(list(mean)); deviation \(list(deviation))"
    }
}
