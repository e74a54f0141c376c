import Foundation
import Tensors
import TestSupport
import XCTest

/// What pickles make beside tensors: objects, which are skipped, and numpy's arrays.
final class UnpicklerCallsTests: XCTestCase {
    private let weight = OldTensor(
        name: "w", storage: OldStorage(31, "Float", (0..<12).map(Float.init)), shape: [2, 3], strides: [3, 1])
    private var tensors: [OldTensor] { [weight] }

    /// A call of a function of any name, which is never done.
    private func call(_ pickle: inout PickleBytes, _ module: String, _ name: String, _ argument: String) {
        pickle.global(module, name)
        pickle.tuple { $0.text(argument) }
        pickle.opcode("R")
    }

    func testAnObjectInPlaceOfAStateDictIsRefusedByItsName() throws {
        let mark = try temporaryDirectory() + "/ran"
        let text = message(
            OldCheckpoints.stream([]) { self.call(&$0, "posix", "system", "touch \(mark)") })
        XCTAssertTrue(text.contains("a whole module, an object of posix.system"), text)
        XCTAssertTrue(text.contains("torch.save(model.state_dict(), path)"), text)
        XCTAssertFalse(FileManager.default.fileExists(atPath: mark))
        // As torch.save(model) of older versions writes it, the source of the class beside it.
        let module = message(
            OldCheckpoints.stream([]) { pickle in
                pickle.tuple {
                    $0.text("module")
                    $0.global("torchvision.models.resnet", "ResNet")
                    $0.text("resnet.py")
                    $0.text("class ResNet: pass")
                }
                pickle.opcode("Q)")
                pickle.raw([0x81])
                pickle.opcode("}b")
            })
        XCTAssertTrue(module.contains("a whole module, an object of torchvision.models.resnet.ResNet"), module)
        let under = message(
            OldCheckpoints.stream([]) { pickle in
                pickle.dictionary([
                    ("model", { self.call(&$0, "models.yolo", "Model", "x") }), ("epoch", { $0.integer(3) }),
                ])
            })
        XCTAssertTrue(under.contains("'model' is a whole object of models.yolo.Model"), under)
        XCTAssertTrue(
            message(OldCheckpoints.stream([]) { $0.global("torch.nn.modules.linear", "Linear") }).contains(
                "torch.nn.modules.linear.Linear"))
    }

    /// Objects beside the state dict, made in each way that pickles have, with lists and keys given to them.
    func testOtherObjectsAreSkippedWithoutBeingRun() throws {
        let mark = try temporaryDirectory() + "/ran"
        let file = try read(
            OldCheckpoints.stream([tensors[0]]) { [tensors] pickle in
                pickle.dictionary([
                    ("model", { $0.dictionary([("w", { OldCheckpoints.streamTensor(tensors[0], &$0) })]) }),
                    ("evil", { self.call(&$0, "posix", "system", "touch \(mark)") }),
                    (
                        "args",
                        {
                            $0.global("argparse", "Namespace")
                            $0.opcode(")")
                            $0.raw([0x81])
                            $0.dictionary([("lr", { $0.integer(1) })])
                            $0.opcode("b")
                        }
                    ),
                    (
                        "config",
                        {
                            $0.global("mmcv.utils.config", "ConfigDict")
                            $0.opcode(")")
                            $0.opcode("}")
                            $0.raw([0x92])
                            $0.opcode("(")
                            $0.text("key")
                            $0.integer(2)
                            $0.opcode("u")
                        }
                    ),
                    (
                        "history",
                        {
                            $0.opcode("(ccollections\ndeque\no")
                            $0.integer(2)
                            $0.opcode("a")
                        }
                    ),
                    ("old", { $0.opcode("(imodule\nOldClass\n") }),
                    (
                        "again",
                        {
                            $0.global("builtins", "getattr")
                            $0.opcode(")R)R")
                        }
                    ),
                    ("counts", { $0.opcode("ccollections\ndefaultdict\n(cbuiltins\nint\ntR") }),
                ])
            })
        XCTAssertEqual(file.tensors.map(\.name), ["w"])
        XCTAssertEqual(file.tensors[0].tensor.array(Float.self), [0, 1, 2, 3, 4, 5])
        XCTAssertEqual(
            file.leftOut,
            [
                "evil (an object of posix.system)", "args (an object of argparse.Namespace)",
                "config (an object of mmcv.utils.config.ConfigDict)", "history (an object of collections.deque)",
                "old (an object of module.OldClass)", "again (an object of builtins.getattr)",
                "counts (a dictionary of 0)",
            ])
        XCTAssertFalse(FileManager.default.fileExists(atPath: mark))
    }

    /// Elements of a type that isn't known here: in the stream, what follows them can't be found.
    func testStoragesOfOtherTypes() {
        let text = message(
            OldCheckpoints.stream([]) { pickle in
                pickle.tuple {
                    $0.text("storage")
                    $0.global("torch", "ComplexFloatStorage")
                    $0.text("0")
                    $0.text("cpu")
                    $0.integer(2)
                    $0.none()
                }
                pickle.opcode("Q")
            })
        XCTAssertTrue(text.contains("torch.ComplexFloatStorage, whose elements aren't known here"), text)
    }

    /// numpy's arrays in a pickle without PyTorch, as detectron2 publishes its weights.
    func testAPickleOfArrays() throws {
        let floats = ([1.5, -2, 0.25, 8, 9, -10] as [Float]).withUnsafeBytes(Array.init)
        let file = try read(
            PickleBytes.of { pickle in
                pickle.dictionary([
                    (
                        "model",
                        {
                            $0.dictionary([
                                ("a", { $0.array(type: "f4", shape: [2, 3], bytes: floats) }),
                                (
                                    "b",
                                    {
                                        $0.array(
                                            type: "f4", shape: [2, 3], isFortran: true, bytes: floats, asText: true)
                                    }
                                ),
                                ("c", { $0.array(type: "i8", shape: [], bytes: [7, 0, 0, 0, 0, 0, 0, 0]) }),
                                ("d", { $0.array(type: "U4", shape: [1], bytes: [0, 0, 0, 0]) }),
                            ])
                        }
                    ), ("__author__", { $0.text("somebody") }),
                ])
            }, "model_final.pkl")
        XCTAssertEqual(file.tensors.map(\.name), ["a", "b", "c"])
        XCTAssertEqual(file.tensors[0].tensor.array(Float.self), [1.5, -2, 0.25, 8, 9, -10])
        XCTAssertEqual(file.tensors[1].tensor.array(Float.self), [1.5, 0.25, 9, -2, 8, -10])
        XCTAssertEqual(file.tensors[2].tensor.array(Int.self), [7])
        XCTAssertEqual(file.leftOut, ["__author__ (somebody)", "model.d (a numpy array of objects)"])
        for (order, shape, words) in [
            (">", [2, 3], "the other byte order"), ("<", [2, 4], "a numpy array of shape [2, 4] has 24 bytes"),
            ("<", [1 << 40, 1 << 40], "a numpy array has the shape"), ("<", [-1], "a numpy array has the shape"),
        ] {
            let text = message(
                PickleBytes.of { pickle in
                    pickle.dictionary([
                        ("w", { $0.array(type: "f4", order: order, shape: shape, bytes: floats) })
                    ])
                })
            XCTAssertTrue(text.contains(words), text)
        }
    }
}
