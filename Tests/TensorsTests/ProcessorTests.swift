import Tensors
import XCTest

final class ProcessorTests: XCTestCase {
    private func processor(flags: String) -> Processor {
        Processor(
            cpuinfo: """
                processor\t: 0
                cpu family\t: 25
                model\t\t: 17
                model name\t: AMD EPYC
                flags\t\t: fpu \(flags)

                processor\t: 1
                model name\t: another
                flags\t\t: fpu
                """)
    }

    private let wide = "avx2 fma avx512f avx512bw avx512vl avx512dq"

    func testTheFirstCoreIsRead() {
        let found = processor(flags: wide + " avx512_bf16")
        XCTAssertEqual(
            found, Processor(name: "AMD EPYC", family: 25, model: 17, instructions: "AVX-512 with bfloat16"))
        XCTAssertEqual(found.description, "AMD EPYC (family 25, model 17, AVX-512 with bfloat16)")
    }

    /// Virtual machines give different CPUs one name; their instructions tell them apart.
    func testTheWidestInstructionsCount() {
        XCTAssertEqual(processor(flags: wide + " avx512_bf16 amx_tile amx_bf16").instructions, "AMX")
        XCTAssertEqual(processor(flags: wide).instructions, "AVX-512")
        XCTAssertEqual(processor(flags: "avx2 fma avx512f").instructions, "AVX2")
        XCTAssertEqual(processor(flags: "sse4_2").instructions, "no wide vectors")
        XCTAssertNotEqual(processor(flags: wide), processor(flags: "avx2 fma"))
    }

    func testALimitOnInstructionsMakesAnotherProcessor() throws {
        let before = Instructions.used
        defer { Instructions.used = before }
        try XCTSkipIf(Instructions.present == .baseline, "there is nothing to limit")
        let whole = Processor.current
        Instructions.used = .baseline
        XCTAssertEqual(Processor.current.instructions, whole.instructions + ", limited to baseline")
        XCTAssertNotEqual(Processor.current, whole)
    }

    func testATextWithoutNamesHasOne() {
        XCTAssertEqual(
            Processor(cpuinfo: "Features\t: fp asimd\n").description, "CPU of an unknown name (NEON)")
        XCTAssertFalse(Processor.current.description.isEmpty)
    }
}
