import Annotations
import ArgumentParser
import Commands
import Media
import ScoreCommands
import Workflows

extension DataCommand.Source {
    func file() throws -> RecipeFile? {
        try recipe.map { try RecipeFile(path: $0, settings: set.settings) }
    }

    /// What the option says of damaged images, or else the recipe.
    func damagedImages(_ option: DamagedImagesOption) throws -> DamagedImages {
        if let given = option.damagedImages { return DamagedImages(given) }
        return try file()?.decode(DetectionRecipe.self).data.damagedImages ?? .refuse
    }

    func locations() throws -> [DatasetLocation] {
        if let file = try file() { return try DatasetLocation.parts(of: file) }
        if let coco, let images {
            return [
                .coco(annotations: coco, images: images, fileNames: names.map.isIdentity ? nil : names.map)
            ]
        }
        return [.voc(folder: voc ?? "", split: split ?? "trainval")]
    }
}

extension DataCommand.Check: EngineWork {
    package func workInEngine() throws {
        let damagedImages = try source.damagedImages(damaged)
        let reports: [DatasetCheck]
        if let folder = source.voc, source.split == nil {
            reports = [DatasetCheck(vocFolder: folder, pictures: PictureCheck(pictures), damagedImages: damagedImages)]
        } else {
            reports = DatasetCheck.checks(
                of: try source.locations(), pictures: PictureCheck(pictures), damagedImages: damagedImages)
        }
        printToStandardOutput(
            json ? try prettyJSON(reports) : reports.map { $0.text(placesShown: places) }.joined(separator: "\n\n"))
        if reports.contains(where: \.affectsTraining) { throw ExitCode.failure }
    }
}

extension DataCommand.Show: EngineWork {
    package func workInEngine() throws {
        let locations = try source.locations()
        let input = training ? try source.file()?.decode(DetectionRecipe.self).input : nil
        let damagedImages = try source.damagedImages(damaged)
        let accepted = DamagedImageLog()
        for (i, location) in locations.enumerated() {
            let folder = locations.count == 1 ? output : output + (i == 0 ? "/train" : "/val")
            let pictures = try location.draw(
                count: count, into: RunFolder(folder), training: i == 0 ? input : nil, damagedImages: damagedImages,
                damaged: accepted)
            printToStandardOutput(
                "\(location.title): \(pictures.count - 1) pictures in \(folder), all of them in \(pictures[0])")
        }
        printDamage(accepted.images)
    }
}

extension DataCommand.Minival: EngineWork {
    package func workInEngine() throws {
        for made in try COCO2014Splits(folder: folder).make(replacing: replace) {
            printToStandardOutput(made.summary)
        }
    }
}
