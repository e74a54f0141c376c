import CAllocator
import Commands
import Glibc
import ScoreCommands
import Support
import Tensors

/// Runs the command that the process's arguments name. Where memory does not suffice, it says so and ends with 1.
@_cdecl("vertebra_engine_main")
package func engineMain() {
    do {
        try throwingOutOfMemory { Vertebra.runAsProgram() }
    } catch {
        printToStandardError("vertebra: \(error)")
        exit(1)
    }
}
