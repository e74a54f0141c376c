import CTorch
import XCTest

/// The table of convolution algorithms, row by row, each with the nearest case that just misses it.
final class ConvolutionChoiceTests: XCTestCase {
    /// A kept 3×3 weight with 64 channels on one image of 56×56 on a CPU with everything; each test changes one thing.
    private func base() -> ct_convolution_case {
        var c = ct_convolution_case()
        c.rank = 2
        c.input = (1, 64, 56, 56, 0)
        c.weight = (64, 64, 3, 3, 0)
        c.stride = (1, 1, 0)
        c.padding = (1, 1, 0)
        c.dilation = (1, 1, 0)
        c.groups = 1
        c.pixels_of_call = 56 * 56
        c.dtype = CT_FLOAT32
        c.has_one_dtype = true
        c.is_on_cpu = true
        c.is_channels_last = true
        c.has_plain_bias = true
        c.keeps_weight = true
        c.allows_winograd = true
        c.has_vector_products = true
        c.has_bfloat16_products = true
        c.uses_tile_unit = true
        c.has_onednn = true
        return c
    }

    private func pointwise() -> ct_convolution_case {
        var c = base()
        c.weight = (64, 64, 1, 1, 0)
        c.padding = (0, 0, 0)
        return c
    }

    private func assertChoice(
        _ expected: ct_convolution_algorithm, _ start: ct_convolution_case, line: UInt = #line,
        _ change: (inout ct_convolution_case) -> Void = { _ in }
    ) {
        var c = start
        change(&c)
        XCTAssertEqual(ct_choose_convolution(&c).rawValue, expected.rawValue, line: line)
    }

    func testWinogradTakesPlain3x3KernelsOfEnoughChannelsAndPixels() {
        assertChoice(CT_WINOGRAD, base())
        assertChoice(CT_WINOGRAD, base()) { $0.pixels_of_call = 300 }
        assertChoice(CT_TILE_PRODUCT, base()) { $0.pixels_of_call = 299 }
        assertChoice(CT_TILE_PRODUCT, base()) { $0.weight.0 = 48 }
        assertChoice(CT_WINOGRAD, base()) { $0.weight.0 = 80 }
        assertChoice(CT_ONEDNN, base()) { $0.weight.0 = 72 }
        assertChoice(CT_TILE_PRODUCT, base()) {
            $0.input.1 = 32
            $0.weight.1 = 32
        }
        assertChoice(CT_TILE_PRODUCT, base()) { $0.allows_winograd = false }
        assertChoice(CT_TILE_PRODUCT, base()) { $0.stride.1 = 2 }
        assertChoice(CT_TILE_PRODUCT, base()) { $0.padding.0 = 0 }
        assertChoice(CT_TILE_PRODUCT, base()) { $0.dilation.0 = 2 }
        assertChoice(CT_ONEDNN, base()) {
            $0.groups = 2
            $0.weight.1 = 32
        }
        assertChoice(CT_LIBTORCH, base()) { $0.is_on_cpu = false }
        assertChoice(CT_ONEDNN, base()) { $0.has_vector_products = false }
    }

    func testAWeightThatIsTransformedInEveryCallNeeds2048Pixels() {
        assertChoice(CT_WINOGRAD, base()) {
            $0.keeps_weight = false
            $0.pixels_of_call = 2048
        }
        assertChoice(CT_TILE_PRODUCT, base()) {
            $0.keeps_weight = false
            $0.pixels_of_call = 2047
        }
        // Nor does it ask how the map lies, as a product does.
        assertChoice(CT_WINOGRAD, base()) {
            $0.keeps_weight = false
            $0.is_channels_last = false
        }
    }

    func testFloat32IsATileProductOf512RowsOrMore() {
        assertChoice(CT_TILE_PRODUCT, pointwise()) { $0.input = (1, 64, 32, 16, 0) }
        assertChoice(CT_VECTOR_PRODUCT, pointwise()) { $0.input = (1, 64, 7, 73, 0) }
        assertChoice(CT_VECTOR_PRODUCT, pointwise()) {
            $0.input = (2, 64, 32, 32, 0)
            $0.stride = (2, 3, 0)  // 2 · 16 · 11 = 352 rows
        }
        assertChoice(CT_VECTOR_PRODUCT, pointwise()) { $0.uses_tile_unit = false }
        assertChoice(CT_TILE_PRODUCT, pointwise()) {
            $0.keeps_weight = false
            $0.input = (1, 64, 7, 7, 0)
        }
    }

    func testBfloat16IsForTheTileUnitOrTheDotProduct() {
        var c = base()
        c.dtype = CT_BFLOAT16
        var vectors = c
        vectors.uses_tile_unit = false
        assertChoice(CT_VECTOR_PRODUCT, vectors)
        assertChoice(CT_VECTOR_PRODUCT, vectors) { $0.keeps_weight = false }
        assertChoice(CT_ONEDNN, vectors) { $0.has_bfloat16_products = false }
        assertChoice(CT_LIBTORCH, vectors) {
            $0.has_bfloat16_products = false
            $0.keeps_weight = false
        }
        // The tile unit has no gradients in bfloat16.
        assertChoice(CT_LIBTORCH, c) { $0.keeps_weight = false }
        // 56 outputs are four tiles of 14 rows; 17 would be two of 8½.
        assertChoice(CT_TILES_IN_PLACE, c)
        assertChoice(CT_TILE_PRODUCT, c) { $0.input.3 = 17 }
        assertChoice(CT_TILE_PRODUCT, c) { $0.input.3 = 11 }
        assertChoice(CT_TILES_IN_PLACE, c) { $0.input.3 = 12 }
        assertChoice(CT_TILE_PRODUCT, c) {
            $0.input.1 = 48
            $0.weight.1 = 48
        }
        assertChoice(CT_TILES_IN_PLACE, c) {
            $0.input.3 = 17
            $0.weight = (64, 64, 1, 1, 0)
            $0.padding = (0, 0, 0)
        }
    }

    func testClipsLieInTilesWhereTheKernelHasNoTime() {
        var c = base()
        c.dtype = CT_BFLOAT16
        c.rank = 3
        c.input = (1, 64, 1, 56, 56)
        c.weight = (64, 64, 1, 3, 3)
        c.stride = (1, 1, 1)
        c.padding = (0, 1, 1)
        c.dilation = (1, 1, 1)
        assertChoice(CT_TILES_IN_PLACE, c)
        assertChoice(CT_TILE_PRODUCT, c) { $0.input.2 = 2 }
        assertChoice(CT_TILE_PRODUCT, c) { $0.padding.0 = 1 }
        assertChoice(CT_TILE_PRODUCT, c) {
            $0.input.2 = 3
            $0.weight.2 = 3
        }
        assertChoice(CT_VECTOR_PRODUCT, c) {
            $0.dtype = CT_FLOAT32
            $0.uses_tile_unit = false
        }
    }

    func testProductsAreOfWholeVectorsOfOutputs() {
        assertChoice(CT_VECTOR_PRODUCT, pointwise()) {
            $0.weight.0 = 16
            $0.uses_tile_unit = false
        }
        assertChoice(CT_ONEDNN, pointwise()) { $0.weight.0 = 24 }
        assertChoice(CT_LIBTORCH, pointwise()) {
            $0.weight.0 = 24
            $0.has_onednn = false
        }
        assertChoice(CT_LIBTORCH, pointwise()) {
            $0.weight.0 = 24
            $0.keeps_weight = false
        }
    }

    func testProductsNeedTheirInstructionsAndFittingOperands() {
        assertChoice(CT_ONEDNN, pointwise()) { $0.has_vector_products = false }
        assertChoice(CT_ONEDNN, pointwise()) { $0.weight.1 = 32 }
        assertChoice(CT_LIBTORCH, pointwise()) { $0.has_one_dtype = false }
        assertChoice(CT_LIBTORCH, pointwise()) { $0.dtype = CT_FLOAT64 }
        assertChoice(CT_LIBTORCH, pointwise()) { $0.input.0 = 0 }
        assertChoice(CT_LIBTORCH, pointwise()) { $0.rank = 0 }
        assertChoice(CT_ONEDNN, pointwise()) { $0.weight = (64, 64, 57, 1, 0) }
    }

    func testALayerIsAProductWhereTheMapNeedsNoCopy() {
        var c = pointwise()
        c.keeps_weight = false
        assertChoice(CT_TILE_PRODUCT, c)
        assertChoice(CT_LIBTORCH, c) { $0.is_channels_last = false }
        assertChoice(CT_LIBTORCH, c) { $0.has_plain_bias = false }
        assertChoice(CT_TILE_PRODUCT, pointwise()) { $0.is_channels_last = false }
    }

    func testTheInputsGradientIsAProductButForStrideWithDilation() {
        func choice(_ change: (inout ct_convolution_case) -> Void) -> UInt32 {
            var c = base()
            change(&c)
            return UInt32(ct_choose_inputs_gradient(&c).rawValue)
        }
        XCTAssertEqual(choice { _ in }, UInt32(CT_TILE_PRODUCT.rawValue))
        XCTAssertEqual(choice { $0.uses_tile_unit = false }, UInt32(CT_VECTOR_PRODUCT.rawValue))
        XCTAssertEqual(choice { $0.weight.1 = 3 }, UInt32(CT_LIBTORCH.rawValue))
        XCTAssertEqual(choice { $0.stride.0 = 2 }, UInt32(CT_TILE_PRODUCT.rawValue))
        XCTAssertEqual(
            choice {
                $0.stride.0 = 2
                $0.dilation.1 = 2
            }, UInt32(CT_TILE_PRODUCT.rawValue))
        XCTAssertEqual(
            choice {
                $0.stride.0 = 2
                $0.dilation.0 = 2
            }, UInt32(CT_LIBTORCH.rawValue))
    }

    func testTheWeightsGradientIsAProductOfWholeVectorsOfOutputs() {
        func choice(_ start: ct_convolution_case, _ change: (inout ct_convolution_case) -> Void) -> UInt32 {
            var c = start
            change(&c)
            return UInt32(ct_choose_weight_gradient(&c).rawValue)
        }
        XCTAssertEqual(choice(base()) { _ in }, UInt32(CT_TILE_PRODUCT.rawValue))
        XCTAssertEqual(choice(base()) { $0.weight.0 = 24 }, UInt32(CT_LIBTORCH.rawValue))
        XCTAssertEqual(choice(base()) { $0.groups = 2 }, UInt32(CT_LIBTORCH.rawValue))
        var vectors = base()
        vectors.uses_tile_unit = false
        XCTAssertEqual(choice(vectors) { _ in }, UInt32(CT_VECTOR_PRODUCT.rawValue))
        XCTAssertEqual(choice(vectors) { $0.dtype = CT_BFLOAT16 }, UInt32(CT_VECTOR_PRODUCT.rawValue))
        XCTAssertEqual(choice(vectors) { $0.has_vector_products = false }, UInt32(CT_LIBTORCH.rawValue))
        XCTAssertEqual(
            choice(vectors) {
                $0.dtype = CT_BFLOAT16
                $0.has_bfloat16_products = false
            }, UInt32(CT_LIBTORCH.rawValue))
    }
}
