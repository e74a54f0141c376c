import Commands
import ScoreCommands

/// The program `vertebra`: it reads its arguments, and does what needs neither libtorch nor the decoders of media.
@main
enum VertebraProgram {
    static func main() { Vertebra.runAsProgram() }
}
