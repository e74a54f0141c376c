import ArgumentParser

@main struct Vertebra: ParsableCommand {}
