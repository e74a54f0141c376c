/// Work that another program does too, measured on both sides in processes of their own.
package struct PeerCase: Sendable {
    /// A program that does the same work, by way of a script in `tools/peers`.
    package struct Peer: Sendable {
        /// The program's name, which its script is told.
        package let program: String
        /// The script's file name and its arguments.
        package let script: String
        package let arguments: [String]
    }

    package let name: String
    /// The arguments of `vertebra bench` that measure the work, and the case among its lines that is meant.
    package let arguments: [String]
    package let ownCase: String
    /// The programs to measure beside; the first one that is installed is taken.
    package let peers: [Peer]
    /// Whether both sides score COCO's files, the ground truth and the results of ``DrawnCOCO``.
    package let scoresFiles: Bool

    private init(
        _ name: String, _ arguments: [String], case ownCase: String, peers: [Peer], scoresFiles: Bool = false
    ) {
        (self.name, self.arguments, self.ownCase, self.peers) = (name, arguments, ownCase, peers)
        self.scoresFiles = scoresFiles
    }

    /// All cases, the short ones first.
    package static let all: [PeerCase] = operations + inference + training + evaluation

    private static let operations = [
        operation("nms", peerCase: "nms", ownCase: "nms 20000 boxes in 500x500, IoU 0.5"),
        operation(
            "roi_align", peerCase: "roi-align", ownCase: "roi_align forward 1000 rois 256x200x200 7x7 ratio 2"),
        operation("roi_align backward", peerCase: "roi-align-backward", ownCase: "roi_align backward"),
    ]

    private static let inference =
        ["float32", "bfloat16"].flatMap { precision in
            [1, 8].map { batch in
                PeerCase(
                    "resnet50 inference, batch \(batch), \(precision)",
                    [
                        "inference", "--models", "resnet50", "--batch", "\(batch)", "--filter",
                        "inference \(precision)",
                    ],
                    case: "resnet50 inference \(precision)",
                    peers: ["OpenVINO", eager].map {
                        Peer(
                            program: $0, script: script,
                            arguments: [
                                "resnet50-inference", "--precision", precision, "--batch", "\(batch)", "--program", $0,
                            ])
                    })
            }
        } + [
            operation(
                "fasterrcnn_resnet50_fpn inference, 800x800", peerCase: "fasterrcnn-inference",
                ownCase: "fasterrcnn_resnet50_fpn inference 800x800"),
            ssd("ssd300 resnet50 inference, batch 1"),
            ssd("ssd300 resnet50 inference, batch 8"),
        ]

    private static let training =
        ["float32", "bfloat16"].map { precision in
            PeerCase(
                "resnet50 training step, batch 16, \(precision)",
                ["backbones", "--models", "resnet50", "--batch", "16", "--precision", precision],
                case: "resnet50 training step" + (precision == "float32" ? "" : " \(precision)"),
                peers: [
                    Peer(
                        program: eager, script: script,
                        arguments: ["resnet50-step", "--precision", precision, "--batch", "16"])
                ])
        } + [
            operation(
                "fasterrcnn_resnet50_fpn training step, 480x640", peerCase: "fasterrcnn-step",
                ownCase: "fasterrcnn_resnet50_fpn training step, one 480x640 image"),
            ssd("ssd300 resnet50 training step, batch 8"),
        ]

    private static let evaluation = [
        PeerCase(
            "coco evaluation", ["coco"], case: "vertebra",
            peers: ["hotcoco", "faster-coco-eval", "pycocotools"].map {
                Peer(program: $0, script: script, arguments: ["coco", "--program", $0])
            }, scoresFiles: true)
    ]

    private static let script = "compared.py"
    /// PyTorch without a compiler, by the name that its script has where it runs without jemalloc.
    static let eager = "eager PyTorch"

    private static func operation(_ name: String, peerCase: String, ownCase: String) -> PeerCase {
        PeerCase(
            name, ["operations", "--filter", ownCase], case: ownCase,
            peers: [Peer(program: eager, script: script, arguments: [peerCase])])
    }

    private static func ssd(_ name: String) -> PeerCase {
        // The script's names say more between the network and the batch.
        let words = name.split(separator: ", ")
        return PeerCase(
            name, ["ssd", "--models", "resnet50", "--filter", name], case: name,
            peers: [
                Peer(
                    program: eager, script: "ssd300.py",
                    arguments: ["channels_last", "--only", "\(words[0].dropFirst(16)), channels_last, \(words[1])"])
            ])
    }
}
