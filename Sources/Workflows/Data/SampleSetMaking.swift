import DataPipeline
import SampleSets

/// The built-in sample sets, drawn at random from a seed.
package enum SampleSetMaking {
    /// Writes the detection set, pictures of several kinds of objects as COCO and as VOC, and returns a few lines about it.
    ///
    /// - Throws: `SampleSetError` if the folder exists and `replacing` is false.
    package static func make(
        folder: String, trainImages: Int, validationImages: Int, seed: UInt64, replacing: Bool
    ) throws -> String {
        var settings = ShapeSampleSet.Settings()
        settings.seed = seed
        settings.trainImages = trainImages
        settings.validationImages = validationImages
        return "\(try ShapeSampleSet(settings: settings).write(to: folder, replacing: replacing))"
    }

    /// Writes the action set, videos whose classes differ only in motion, in Kinetics' and Something-Something's formats,
    /// and returns a few lines about it. The numbers of clips are for each class.
    ///
    /// - Throws: `SampleSetError` if the folder exists and `replacing` is false.
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
