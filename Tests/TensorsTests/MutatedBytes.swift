import Foundation
import Support

/// Files with mistakes that transfers, disks and attackers make: seeded, so that a failure comes again.
struct MutatedBytes {
    let original: Data

    /// The file of a round: cut, with bits turned, with numbers at their limits, with a part taken out, doubled or moved.
    func round(_ number: Int) -> Data {
        var random = SeededRandom(seed: 5, epoch: 0, index: number)
        var bytes = original
        for _ in 0...random.integer(below: 3) where bytes.count > 16 {
            let place = random.integer(below: bytes.count - 8)
            let length = 1 + random.integer(below: min(24, bytes.count - place))
            switch random.integer(below: 7) {
            case 0: bytes.removeLast(1 + random.integer(below: bytes.count - 1))
            case 1: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
            case 2: bytes[place] = UInt8(random.integer(below: 256))
            case 3:
                let extreme: [UInt8] = [[0xFF], [0x7F], [0x80], [0]][random.integer(below: 4)]
                bytes.replaceSubrange(
                    place..<place + 8, with: Array(repeating: 0xFF, count: 7) + extreme)
            case 4: bytes.removeSubrange(place..<place + length)
            case 5: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
            default:
                let other = random.integer(below: bytes.count - length)
                bytes.replaceSubrange(other..<other + length, with: Data(bytes[place..<place + length]))
            }
        }
        return bytes
    }

    /// How many rounds a test takes: `VERTEBRA_MUTATIONS`, or a few hundred.
    static var rounds: Int { ProcessInfo.processInfo.environment["VERTEBRA_MUTATIONS"].flatMap { Int($0) } ?? 400 }
}
