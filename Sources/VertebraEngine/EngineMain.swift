import CAllocator
import Commands
import Foundation
import ScoreCommands
import Support
import Tensors

/// Runs the command that the process's arguments name. Where memory does not suffice, it says so and ends with 1.
@_cdecl("vertebra_engine_main")
package func engineMain() {
    endWithoutTearingDown()
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

/// Lets the process end as soon as it has written its output, whatever its exit code. What libraries would do as it ends helps nobody:
/// libtorch takes thousands of operators out of its tables, one by one, for a twentieth of a second.
private func endWithoutTearingDown() {
    // The last that is registered runs first.
    on_exit(
        { code, _ in
            fflush(nil)
            _exit(code)
        }, nil)
}
