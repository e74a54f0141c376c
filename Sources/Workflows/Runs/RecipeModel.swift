import Architectures
import NN
import Tensors
import Training

/// A network with what is needed to use it, whatever its task: its recipe and the names of its classes.
public protocol RecipeModel {
    associatedtype Sections: RecipeSections

    var recipe: Recipe<Sections> { get }
    var classNames: [String] { get }
    /// The whole network.
    var module: Module { get }

    /// A model with fresh weights, or with those that the recipe names.
    init(recipe: Recipe<Sections>, file: RecipeFile, classNames: [String], loadsWeights: Bool) throws
}

extension RecipeModel {
    /// The model of a checkpoint; `settings` change its recipe (where its data are, thresholds).
    ///
    /// - Throws: `CheckpointError`, `RecipeFileError`.
    public init(checkpoint path: String, settings: [String] = []) throws {
        let checkpoint = try Checkpoint.readModel(path)
        let file = try RecipeFile(text: checkpoint.info.recipe, path: "the recipe in \(path)", settings: settings)
        let recipe = try file.decode(Recipe<Sections>.self)
        try self.init(recipe: recipe, file: file, classNames: checkpoint.info.classNames, loadsWeights: false)
        try checkpoint.load(into: module, classNames: classNames, path: path)
        module.eval()
    }

    /// Loads a checkpoint's model onto a device, and sets as many threads as the recipe asks for.
    init(checkpoint path: String, settings: [String], device: Device) throws {
        try device.requirePresence()
        try self.init(checkpoint: path, settings: settings)
        module.move(to: device)
        if let threads = recipe.training.threads { Threads.count = threads }
    }

    /// Where the weights are.
    var device: Device { module.namedParameters().first?.parameter.tensor.device ?? .cpu }

    /// Runs `body` in the precision that the recipe asks for.
    func inPrecision<R>(_ body: () throws -> R) rethrows -> R {
        guard recipe.training.precision == .bfloat16 else { return try body() }
        return try withAutocast(.bfloat16, device: device, body)
    }
}

extension RecipeFile {
    /// The network that `model.backbone` describes.
    ///
    /// - Throws: `RecipeFileError` with the nearest name, or with the axis that doesn't go with the others.
    func backbone(_ text: String) throws -> BackboneArchitecture {
        do {
            return try BackboneArchitecture(text: text)
        } catch let error as ArchitectureError {
            throw self.error(at: "model.backbone.\(error.axis.name)", error.reason)
        } catch {
            throw self.error(at: "model.backbone", "\(error)")
        }
    }

    /// The network that `model.backbone` names, which must be one for images.
    ///
    /// - Throws: `RecipeFileError` with the nearest name.
    func imageBackbone(_ name: String) throws -> BackboneArchitecture {
        let architecture = try backbone(name)
        guard architecture.rank == .image else {
            throw error(at: "model.backbone", "\(name) takes clips, and these are images")
        }
        return architecture
    }
}
