import CTorch
import XCTest

/// The C ABI itself: a status from every call, messages without a backtrace, nothing leaked on the error path.
final class AbiTests: XCTestCase {
    private func full(_ shape: [Int64], _ value: Double) -> OpaquePointer? {
        var out: OpaquePointer?
        let scalar = ct_scalar(real: value, integer: 0, is_integer: false)
        XCTAssertEqual(ct_full(shape, Int32(shape.count), scalar, CT_FLOAT32, -1, &out), 0)
        return out
    }

    func testACallThatWorksReturnsZeroAndAHandle() {
        let before = ct_live_handles()
        let a = full([2, 3], 1.5)
        var sum: OpaquePointer?
        XCTAssertEqual(ct_sum(a, nil, 0, false, &sum), 0)
        var value = 0.0
        XCTAssertEqual(ct_item(sum, &value), 0)
        XCTAssertEqual(value, 9)
        XCTAssertEqual(ct_live_handles(), before + 2)
        ct_tensor_release(a)
        ct_tensor_release(sum)
        ct_tensor_release(nil)
        XCTAssertEqual(ct_live_handles(), before)
    }

    func testAFailureReturnsAStatusAndOneMessageAndNoHandle() {
        let a = full([2, 3], 1)
        let b = full([4], 1)
        let before = ct_live_handles()
        for _ in 0..<1000 {
            var out: OpaquePointer?
            XCTAssertNotEqual(ct_add(a, b, &out), 0)
            XCTAssertNil(out)
        }
        XCTAssertEqual(ct_live_handles(), before)
        let message = String(cString: ct_last_error())
        XCTAssertTrue(message.contains("must match"), message)
        XCTAssertFalse(message.contains("frame #"), "a backtrace: \(message)")
        ct_tensor_release(a)
        ct_tensor_release(b)
    }

    func testMessagesBelongToTheThreadThatFailed() {
        let a = full([2], 1)
        let b = full([3], 1)
        var out: OpaquePointer?
        XCTAssertNotEqual(ct_add(a, b, &out), 0)
        let mine = String(cString: ct_last_error())
        let thread = Thread { [a = UInt(bitPattern: a)] in
            var other: OpaquePointer?
            _ = ct_select(OpaquePointer(bitPattern: a), 7, 0, &other)
        }
        thread.start()
        while !thread.isFinished { usleep(1000) }
        XCTAssertEqual(String(cString: ct_last_error()), mine)
        ct_tensor_release(a)
        ct_tensor_release(b)
    }

    func testEveryKindOfElementSurvivesTheRoundTrip() {
        let codes = [CT_FLOAT32, CT_FLOAT64, CT_BFLOAT16, CT_FLOAT16, CT_UINT8, CT_INT32, CT_INT64, CT_BOOL]
        for code in codes {
            var out: OpaquePointer?
            let one = ct_scalar(real: 0, integer: 1, is_integer: true)
            XCTAssertEqual(ct_full([3], 1, one, code, -1, &out), 0)
            XCTAssertEqual(ct_dtype_of(out), Int32(code.rawValue))
            var values = [Double](repeating: 0, count: 3)
            XCTAssertEqual(ct_copy_out(out, CT_FLOAT64, &values, 3), 0)
            XCTAssertEqual(values, [1, 1, 1])
            XCTAssertNotEqual(ct_copy_out(out, CT_FLOAT64, &values, 2), 0, "too little room must be refused")
            ct_tensor_release(out)
        }
    }

    func testTheExecutableRunsOnJemallocWithHugePages() {
        XCTAssertTrue(String(cString: ct_allocator()).hasPrefix("jemalloc 5"), String(cString: ct_allocator()))
        XCTAssertTrue(String(cString: ct_allocator()).contains("thp:always"), String(cString: ct_allocator()))
    }

    func testVersionIsOneThatTheProjectSupports() {
        let parts = String(cString: ct_version()).split(separator: ".").compactMap { Int($0) }
        XCTAssertTrue(parts.count == 3 && (parts[0], parts[1]) >= (2, 11), "\(parts)")
    }
}
