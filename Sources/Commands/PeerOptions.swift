import ArgumentParser

/// The options of `vertebra bench` that measure other programs too.
package struct PeerOptions: ParsableArguments {
    @Option(
        help: """
            A Python that has other programs (tools/peers/requirements.txt): measure the same work here and there in turn, each \
            time in a process of its own. Instead of suites.
            """)
    package var peers: String?
    @Option(
        help: """
            With --peers: a file of figures to compare with, such as docs/measured/*.json. Ends with 1 if a ratio fell by more \
            than its spread.
            """)
    package var against: String?
    @Option(help: "With --peers: a file for the figures; those of other cases stay in it.") package var output: String?
    @Option(help: "With --peers: the command to measure. Default: this one.") package var vertebra: String?

    package func validate() throws {
        let alone = [("--against", against), ("--output", output), ("--vertebra", vertebra)]
        if peers == nil, let (name, _) = alone.first(where: { $1 != nil }) {
            throw ValidationError("\(name) goes with --peers: name a Python that has the other programs.")
        }
    }

    package init() {}
}
