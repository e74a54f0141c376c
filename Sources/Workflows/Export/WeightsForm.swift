import Foundation
import Listings

extension WeightsForm {
    /// The form that a file's first bytes say. Where they say nothing, as in a file that is damaged or missing, its name
    /// decides, and the reader of that form finds what is wrong.
    init(contentsOf path: String) {
        let start = Self.start(of: path)
        // A zip archive, a pickle, and a header of safetensors: eight bytes of its length, then JSON.
        if start.starts(with: [0x50, 0x4B, 3, 4]) {
            self = .pth
        } else if start.count > 8, start[8] == UInt8(ascii: "{"), start[6] == 0, start[7] == 0 {
            self = .safetensors
        } else if start.first == 0x80 {
            self = .pth
        } else {
            self = WeightsForm(ofName: path) ?? .pth
        }
    }

    private static func start(of path: String) -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        return [UInt8]((try? file.read(upToCount: 9)) ?? Data())
    }
}
