import Architectures
import Backbones
import NN
import Tensors
import Training

/// A network of any task with what is needed to use it: its recipe and the names of its classes.
package protocol RecipeModel {
    associatedtype Sections: RecipeSections

    var recipe: Recipe<Sections> { get }
    var classNames: [String] { get }
    /// The whole network.
    var module: Module { get }
    /// The part of the network that is a backbone.
    var body: Backbone { get }
    /// Whether all inputs have one size.
    var hasFixedSize: Bool { get }

    /// A model with fresh weights, or with those that the recipe names.
    init(recipe: Recipe<Sections>, file: RecipeFile, classNames: [String], loadsWeights: Bool) throws
}

extension RecipeModel {
    /// The model that a training saved, on a device and in evaluation mode.
    ///
    /// - Throws: `RecipeFileError`, also for the model of another task; `CheckpointError` where the weights don't fit;
    ///   `MissingDevice`.
    init(opening saved: SavedModel, device: Device) throws {
        try device.requirePresence()
        guard saved.task == Sections.task else { throw JobError(saved.path, saved.task.use) }
        let recipe = try saved.file.decode(Recipe<Sections>.self)
        let info = saved.checkpoint.info
        // Loading fills every parameter, or throws.
        self = try Initialization.withoutDrawing {
            try Self(recipe: recipe, file: saved.file, classNames: info.classNames, loadsWeights: false)
        }
        try saved.checkpoint.load(into: module, classNames: classNames, path: saved.path)
        module.eval()
        place(on: device)
    }

    /// Moves the network to a device, with the layout and the arithmetic that the recipe asks for. The arithmetic is a setting of
    /// the process.
    func place(on device: Device) {
        if !recipe.training.channelsLast { body.useChannelsLast(false) }
        module.move(to: device)
        DeviceArithmetic.current = DeviceArithmetic(
            tf32: recipe.training.tf32,
            benchmarksConvolutions: recipe.training.cudnnBenchmark ?? hasFixedSize)
    }

    /// The device that holds the weights.
    var device: Device { module.namedParameters().first?.parameter.tensor.device ?? .cpu }

    /// Runs `body` in the precision that the recipe asks for.
    func inPrecision<R>(_ body: () throws -> R) rethrows -> R {
        guard let dtype = recipe.training.precision.dtype else { return try body() }
        return try withAutocast(dtype, device: device, body)
    }

    /// Runs the forward pass of a training step, which keeps what the recipe asks for.
    func inRecipeMemory<R>(_ body: () throws -> R) rethrows -> R {
        switch recipe.training.memory {
        case .standard: try body()
        case .lean: try withLeanMemory(body)
        }
    }

    /// What helps where a training step has too little memory, beside smaller pictures and fewer of them.
    var memoryAdvice: [String] {
        let wantsLean = recipe.training.memory == .standard && device == .cpu
        return (wantsLean ? ["set training.memory=lean"] : [])
            + ["the images of a step stay as many with a smaller training.device_batch"]
    }
}

extension RecipeFile {
    /// The network that `model.backbone` describes.
    ///
    /// - Throws: `RecipeFileError` with the nearest name, or with the axis that does not go with the others.
    func backbone(_ text: String) throws -> BackboneArchitecture {
        do {
            return try BackboneArchitecture(text: text)
        } catch let error as ArchitectureError {
            throw self.error(at: "model.backbone.\(error.axis.name)", error.reason)
        } catch {
            throw self.error(at: "model.backbone", "\(error)")
        }
    }

    /// The network that `model.backbone` describes, which must be one for images.
    ///
    /// - Throws: `RecipeFileError` as `backbone`, and for a network of clips.
    func imageBackbone(_ name: String) throws -> BackboneArchitecture {
        let architecture = try backbone(name)
        guard architecture.rank == .image else {
            throw error(at: "model.backbone", "\(name) takes clips, but the data are images")
        }
        return architecture
    }
}
