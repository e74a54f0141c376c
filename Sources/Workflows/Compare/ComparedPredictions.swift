import DataPipeline
import Evaluation
import Foundation
import Media
import Support

/// The predictions of several classifiers on the same images or videos.
struct ComparedPredictions {
    /// The predictions by run.
    let runs: [ClassificationComparison.Run]
    private let recipe: RecipeFile?

    /// - Throws: `JobError` for runs that were measured on different files; `EvaluationError` for predictions that can't be read.
    init(_ runs: [ComparedRun], names: [String]) throws {
        let files = runs.map(Self.imageFiles)
        for (i, other) in files.enumerated().dropFirst() where other != files[0] && !other.isEmpty && !files[0].isEmpty
        {
            let differing = other.keys.filter { files[0][$0] != other[$0] }.sorted().first ?? "their files"
            throw JobError(
                runs[i].path,
                "can't be compared with \(runs[0].path): \(differing) holds other images in the one than in the other. Measure "
                    + "both on the same data: vertebra evaluate \(runs[i].path) --data ROOT")
        }
        self.runs = try zip(runs, names).map { run, name in
            ClassificationComparison.Run(name: name, predictions: try ClassPredictions(path: run.folder.predictions))
        }
        recipe = runs[0].recipe
    }

    /// The checksums of the files that hold the images themselves, as CIFAR's do, by name; empty for other data.
    private static func imageFiles(of run: ComparedRun) -> [String: String] {
        guard case .classifier(let file) = run.measured, file.videos == nil, let data = file.measured?.data else {
            return [:]
        }
        let sums = data.files.map { (FilePath.name(of: $0.path), $0.crc32 ?? "") }
        return Dictionary(sums) { first, _ in first }
    }

    /// Gives the image, or the frames of the clip, at a position of the first run's predictions, as the network sees it. Nil
    /// where the data can't be opened any more.
    func frames() -> ((_ image: Int) throws -> [ByteImage])? {
        let predictions = runs[0].predictions
        guard let recipe, let sections = try? recipe.decode(ClassificationRecipe.self),
            let dataset = try? ClassifierModel.dataset(
                sections, file: recipe, training: false, augmented: false, classNames: predictions.classes,
                damaged: DamagedImageLog())
        else { return nil }
        let places = Dictionary(
            (0..<dataset.count).map { (sections.data.relativeName(dataset.describe($0)), $0) }
        ) { first, _ in first }
        return { image in
            let name = predictions.images[image].name
            guard let place = places[name] else { throw JobError(name, "is not in the data any more") }
            var random = SeededRandom(seed: 0, epoch: 0, index: place)
            return try dataset.sample(at: place, random: &random).frames
        }
    }
}
