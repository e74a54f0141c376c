import ArgumentParser
import Foundation
import ScoreCommands

/// A command whose work needs libtorch or the decoders of pictures and videos. The program `vertebra` reads its arguments and
/// then becomes the engine, which reads them again and works.
package protocol EngineCommand: WorkCommand {}

/// The work of an ``EngineCommand``. Only the engine's module has any.
package protocol EngineWork: EngineCommand {
    /// Does the work in this process.
    ///
    /// - Throws: What ended it.
    func workInEngine() throws
}

extension EngineCommand {
    /// Works in the engine, or becomes it.
    package func work() throws { try workAsEngine() }

    /// Works in the engine, or becomes it.
    func workAsEngine() throws {
        guard let engineWork = self as? any EngineWork else { throw Engine.become() }
        try engineWork.workInEngine()
    }
}
