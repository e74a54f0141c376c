import DataPipeline
import SampleSets

/// The built-in sample sets, drawn by lot from a seed.
package enum SampleSetMaking {
    /// Writes the detection set, pictures of several kinds of objects as COCO and as VOC, and gives a few lines about it.
    ///
    /// - Throws: `SampleSetError` where the folder is there and is not to be replaced.
    package static func make(
        folder: String, trainImages: Int, validationImages: Int, seed: UInt64, replacing: Bool
    ) throws -> String {
        var settings = ShapeSampleSet.Settings()
        settings.seed = seed
        settings.trainImages = trainImages
        settings.validationImages = validationImages
        return "\(try ShapeSampleSet(settings: settings).write(to: folder, replacing: replacing))"
    }

    /// Writes the action set, videos of objects whose classes only motion tells apart, in Kinetics' and in
    /// Something-Something's form, and gives a few lines about it. The numbers of clips are those of each class.
    ///
    /// - Throws: `SampleSetError` where the folder is there and is not to be replaced.
    package static func makeActions(
        folder: String, trainClips: Int, validationClips: Int, seed: UInt64, replacing: Bool
    ) throws -> String {
        var settings = ActionSampleSet.Settings()
        settings.seed = seed
        settings.trainClips = trainClips
        settings.validationClips = validationClips
        return "\(try ActionSampleSet(settings: settings).write(to: folder, replacing: replacing))"
    }
}
