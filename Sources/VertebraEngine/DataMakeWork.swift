import ArgumentParser
import Commands
import DataPipeline
import SampleSets
import ScoreCommands
import Workflows

extension DataCommand.Shapes: EngineWork {
    package func workInEngine() throws {
        printToStandardOutput(
            try SampleSetMaking.make(
                folder: folder, trainImages: train, validationImages: val, seed: seed, replacing: replace))
    }
}

extension DataCommand.Actions: EngineWork {
    package func workInEngine() throws {
        printToStandardOutput(
            try SampleSetMaking.makeActions(
                folder: folder, trainClips: train, validationClips: val, seed: seed, replacing: replace))
    }
}
