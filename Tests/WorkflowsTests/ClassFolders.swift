import Foundation
import Media
import Support
import TestSupport
import XCTest

extension XCTestCase {
    /// A folder of images of noise, three of 60 x 50 pixels for each of two classes in each of the parts train and val.
    func classFolders() throws -> String {
        let root = try temporaryDirectory()
        var random = SeededRandom(seed: 4, epoch: 0, index: 0)
        for part in ["train", "val"] {
            for name in ["cat", "dog"] {
                let place = "\(root)/\(part)/\(name)"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                for i in 0..<3 {
                    let pixels = (0..<60 * 50 * 3).map { _ in UInt8(random.integer(below: 256)) }
                    try ImageFile.writePNG(
                        ByteImage(width: 60, height: 50, channels: 3, pixels: pixels), to: "\(place)/\(i).png")
                }
            }
        }
        return root
    }
}
