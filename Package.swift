// swift-tools-version: 6.1
import PackageDescription

/// Where `tools/setup` keeps libtorch and the pkg-config file that names it, for all checkouts of this user.
let home =
    Context.environment["VERTEBRA_HOME"]
    ?? (Context.environment["XDG_DATA_HOME"] ?? "\(Context.environment["HOME"] ?? "")/.local/share") + "/vertebra"

/// The executables look for libtorch's libraries where `tools/setup` found or put them, or where `VERTEBRA_RUN_PATH` says, for
/// an executable that leaves this machine. The libraries of this package say nothing of it: what links them has a run path
/// of its own.
let runFolder = Context.environment["VERTEBRA_RUN_PATH"] ?? "\(home)/libtorch/lib"
let runPath = LinkerSetting.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", runFolder])

/// `VERTEBRA_WITHOUT_LIBTORCH=1` leaves every module that needs libtorch out, so that the others build and test on a
/// machine that lacks it.
let withoutLibtorch = Context.environment["VERTEBRA_WITHOUT_LIBTORCH"] == "1"

/// `VERTEBRA_EMULATED_TILES=1` lets what is made for a CPU's tile unit compute by AVX-512's instructions instead, so that it is
/// tested on machines without one. Nothing else should be built so: the tile unit itself lies idle then.
let emulatesTiles = Context.environment["VERTEBRA_EMULATED_TILES"] == "1"

/// A Swift module and the tests that mirror it.
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], testDependencies: [Target.Dependency] = []
) -> [Target] {
    [
        .target(name: name, dependencies: dependencies),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.byName(name: name), "TestSupport"] + dependencies + testDependencies),
    ]
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { Target.Dependency.product(name: $0, package: "swift-nio") }

let dataModules = [
    "Support", "Architectures", "Listings", "Annotations", "Media", "Evaluation", "Tracking", "Reports", "SampleSets",
    "Doctor",
]
let torchModules = [
    "Tensors", "NN", "Backbones", "Detectors", "DataPipeline", "Training", "ONNXExport", "Workflows",
]

let targetsWithoutLibtorch: [Target] =
    [
        .target(
            name: "CMedia", cSettings: [.headerSearchPath(".")],
            linkerSettings: ["jpeg", "png", "z", "avformat", "avcodec", "swscale", "avutil", "cairo"].map {
                .linkedLibrary($0)
            }),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .target(name: "CXML", dependencies: ["CLibXML2"]),
        .target(name: "GoldenNumbers", dependencies: ["Annotations", "Architectures"]),
        .target(
            name: "TestSupport", dependencies: ["Architectures", "GoldenNumbers"], path: "Tests/TestSupport"),
        .target(
            name: "CVideoFixtures", path: "Tests/CVideoFixtures",
            linkerSettings: ["avformat", "avcodec", "swscale", "avutil"].map { .linkedLibrary($0) }),
    ]
    + module("Support")
    + module("Architectures", ["Support"])
    + module("Listings", ["Architectures", "Support"])
    + module("Annotations", ["CSimdJSON", "CXML", "Support"])
    + module("Media", ["CMedia", "Support"], testDependencies: ["CVideoFixtures"])
    + module("Evaluation", ["Annotations", "Support"])
    + module("Tracking", ["Annotations"], testDependencies: ["Support"])
    + module("Reports", ["Annotations", "Evaluation", "Media", "Support"])
    + module("SampleSets", ["Annotations", "Media", "Support"])
    + module("Doctor", ["Annotations", "Media", "Support"])
    + [
        .target(name: "ScoreCommands", dependencies: ["Annotations", "Evaluation", "Support", argumentParser]),
        .executableTarget(name: "vertebra-score", dependencies: ["ScoreCommands"]),
    ]

let targetsWithLibtorch: [Target] =
    [
        .systemLibrary(name: "CLibtorch", pkgConfig: "vertebra-libtorch"),
        .target(
            name: "CTorch", dependencies: ["CLibtorch"],
            cxxSettings: [.headerSearchPath(".")] + (emulatesTiles ? [.define("CTORCH_EMULATED_TILES")] : []),
            linkerSettings: [.linkedLibrary("z")]),
        .target(
            name: "CSimulatedDevice", dependencies: ["CLibtorch"], path: "Tests/CSimulatedDevice",
            cxxSettings: [.headerSearchPath(".")]),
        .target(
            name: "SimulatedDevice", dependencies: ["CSimulatedDevice", "CTorch", "Tensors"],
            path: "Tests/SimulatedDevice"),
        .target(name: "CAllocator", linkerSettings: [.linkedLibrary("jemalloc")]),
        .testTarget(name: "CTorchTests", dependencies: ["CTorch", "CAllocator"], linkerSettings: [runPath]),
        .target(name: "CLoader"),
        .target(
            name: "Commands",
            dependencies: [
                "Annotations", "Architectures", "CLoader", "Listings", "ScoreCommands", "Support", argumentParser,
            ]),
        // `vertebra` loads no libtorch, and becomes `vertebra-engine` for what needs it. It depends on the engine so that
        // building it builds both. A program is linked with everything that its dependencies depend on: the engine's target
        // depends on nothing, therefore, and its product names the module with all of it.
        .executableTarget(
            name: "vertebra", dependencies: ["Commands", "ScoreCommands", "vertebra-engine"],
            linkerSettings: [runPath]),
        .executableTarget(name: "vertebra-engine", linkerSettings: [runPath]),
        .target(
            name: "VertebraEngine",
            dependencies: [
                "CAllocator", "Commands", "Workflows", "Benchmarks", "Serving", "Annotations", "Detectors",
                "DataPipeline", "Doctor", "Media", "ONNXExport", "SampleSets", "ScoreCommands", "Support", "Tensors",
                "Tracking", "Training",
                argumentParser,
            ]),
        .testTarget(
            name: "vertebraTests",
            dependencies: [
                "Commands", "VertebraEngine", "vertebra", "vertebra-score", "TestSupport", "Workflows", "Benchmarks",
                "Detectors", "SampleSets", "Tensors", "Media", "Annotations", "Support", "CVideoFixtures",
                argumentParser,
            ]),
    ]
    + module("Tensors", ["CTorch", "Support"], testDependencies: ["SimulatedDevice"])
    + [.target(name: "ONNXSchema", dependencies: [protobuf])]
    + module("ONNXExport", ["ONNXSchema", "Tensors", "Support", protobuf])
    + module("NN", ["Tensors", "Support"])
    + module(
        "DataPipeline", ["Annotations", "Media", "Tensors", "Support"], testDependencies: ["SampleSets"])
    + module("Backbones", ["Architectures", "NN", "Tensors"], testDependencies: ["CTorch", "SimulatedDevice"])
    + module("Training", ["NN", "Tensors", "Support"], testDependencies: ["SimulatedDevice"])
    + module(
        "Detectors", ["Backbones", "NN", "Annotations", "Architectures", "Tensors", "Support"],
        testDependencies: ["SimulatedDevice"])
    + module(
        "Workflows",
        [
            "Architectures", "Listings", "Annotations", "Media", "Evaluation", "Reports", "Doctor", "SampleSets",
            "Tensors", "NN", "DataPipeline", "Backbones", "Tracking", "Training", "Detectors", "ONNXExport", "Support",
            yams,
            logging,
        ], testDependencies: ["SimulatedDevice"])
    + [
        .target(
            name: "Serving",
            dependencies: ["Workflows", "Detectors", "Annotations", "Media", "Tensors", "Training", "Support"] + nio,
            resources: [.embedInCode("Page/page.html"), .embedInCode("Page/page.css"), .embedInCode("Page/page.js")]),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Serving", "TestSupport", "Workflows", "Detectors", "Annotations", "Media", "SampleSets", "Tensors",
                "Training", "Support",
            ] + nio),
    ]
    + module(
        "Benchmarks",
        [
            "Workflows", "Architectures", "Annotations", "Media", "Evaluation", "GoldenNumbers", "Tensors", "NN",
            "DataPipeline", "Backbones", "Detectors", "Support",
        ])

let package = Package(
    name: "vertebra",
    products: [
        .library(name: "VertebraData", targets: dataModules),
        .executable(name: "vertebra-score", targets: ["vertebra-score"]),
    ]
        + (withoutLibtorch
            ? []
            : [
                .library(name: "Vertebra", targets: torchModules),
                .library(name: "VertebraAllocator", targets: ["CAllocator"]),
                .executable(name: "vertebra", targets: ["vertebra"]),
                .executable(name: "vertebra-engine", targets: ["vertebra-engine", "VertebraEngine"]),
            ]),
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")]
        + (withoutLibtorch
            ? []
            : [
                .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
                .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
                .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
                .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
            ]),
    targets: targetsWithoutLibtorch + (withoutLibtorch ? [] : targetsWithLibtorch),
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
