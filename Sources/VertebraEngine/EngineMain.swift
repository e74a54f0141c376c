import CAllocator
import Commands
import Foundation
import ScoreCommands
import Support
import Tensors

/// Runs the command that the process's arguments name. Where memory does not suffice, it says so and ends with 1.
@_cdecl("vertebra_engine_main")
package func engineMain() {
    do {
        try Instructions.check(ProcessInfo.processInfo.environment[Instructions.variable])
    } catch {
        printToStandardError("vertebra: \(error)")
        exit(2)
    }
    do {
        try throwingOutOfMemory { Vertebra.runAsProgram() }
    } catch {
        printToStandardError("vertebra: \(error)")
        exit(1)
    }
}
