import ArgumentParser
import Workflows
@main struct Vertebra: ParsableCommand { func run() { print(helloW()) } }
