import Support

/// The licence of a model's weights, by its identifier in the SPDX list of licences (https://spdx.org/licenses).
package struct License: Codable, Hashable, Sendable {
    /// The identifier, such as `Apache-2.0`; `LicenseRef-` and a name for a licence of one's own.
    package let identifier: String

    /// A licence by its identifier, in capitals or small letters; nil for one that is not known here.
    package init?(_ text: String) {
        if let known = Self.hubNames.keys.first(where: { $0.lowercased() == text.lowercased() }) {
            identifier = known
            return
        }
        let name = text.dropFirst(Self.ownPrefix.count)
        let isName = !name.isEmpty && name.unicodeScalars.allSatisfy { Self.isOfIdentifiers($0) }
        guard text.hasPrefix(Self.ownPrefix), isName else { return nil }
        identifier = text
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let known = License(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.reason(against: text))
        }
        self = known
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(identifier)
    }

    /// What the model hub of Hugging Face calls the licence; nil for one that it calls `other`.
    var hubName: String? { Self.hubNames[identifier] ?? nil }

    private static let ownPrefix = "LicenseRef-"

    private static func isOfIdentifiers(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "-" || scalar == "." || scalar.isASCII && scalar.properties.isAlphabetic
            || ("0"..."9").contains(scalar)
    }

    private static func reason(against text: String) -> String {
        let nearest = nearestName(to: text, among: hubNames.keys.sorted(), within: max(2, text.count / 2))
        return "is '\(text)', which is no identifier of SPDX's that is known here"
            + (nearest.map { "; did you mean \($0)?" } ?? ", such as Apache-2.0, MIT or CC-BY-4.0.")
            + " Write \(ownPrefix) and a name for a licence of your own"
    }

    /// Licences that weights, programs and data are given under, with the hub's names for them.
    private static let hubNames: [String: String?] = [
        "0BSD": nil, "AFL-3.0": "afl-3.0", "AGPL-3.0-only": "agpl-3.0", "AGPL-3.0-or-later": "agpl-3.0",
        "Apache-2.0": "apache-2.0", "Artistic-2.0": "artistic-2.0", "BSD-2-Clause": "bsd-2-clause",
        "BSD-3-Clause": "bsd-3-clause", "BSD-3-Clause-Clear": "bsd-3-clause-clear", "BSL-1.0": "bsl-1.0",
        "C-UDA-1.0": "c-uda", "CC-BY-2.0": "cc-by-2.0", "CC-BY-2.5": "cc-by-2.5", "CC-BY-3.0": "cc-by-3.0",
        "CC-BY-4.0": "cc-by-4.0", "CC-BY-NC-2.0": "cc-by-nc-2.0", "CC-BY-NC-3.0": "cc-by-nc-3.0",
        "CC-BY-NC-4.0": "cc-by-nc-4.0", "CC-BY-NC-ND-3.0": "cc-by-nc-nd-3.0", "CC-BY-NC-ND-4.0": "cc-by-nc-nd-4.0",
        "CC-BY-NC-SA-2.0": "cc-by-nc-sa-2.0", "CC-BY-NC-SA-3.0": "cc-by-nc-sa-3.0",
        "CC-BY-NC-SA-4.0": "cc-by-nc-sa-4.0", "CC-BY-ND-4.0": "cc-by-nd-4.0", "CC-BY-SA-3.0": "cc-by-sa-3.0",
        "CC-BY-SA-4.0": "cc-by-sa-4.0", "CC0-1.0": "cc0-1.0", "CDLA-Permissive-1.0": "cdla-permissive-1.0",
        "CDLA-Permissive-2.0": "cdla-permissive-2.0", "CDLA-Sharing-1.0": "cdla-sharing-1.0", "ECL-2.0": "ecl-2.0",
        "EPL-1.0": "epl-1.0", "EPL-2.0": "epl-2.0", "EUPL-1.1": "eupl-1.1", "EUPL-1.2": "eupl-1.2",
        "GFDL-1.3-only": "gfdl", "GFDL-1.3-or-later": "gfdl", "GPL-2.0-only": "gpl-2.0",
        "GPL-2.0-or-later": "gpl-2.0", "GPL-3.0-only": "gpl-3.0", "GPL-3.0-or-later": "gpl-3.0", "ISC": "isc",
        "LGPL-2.1-only": "lgpl-2.1", "LGPL-2.1-or-later": "lgpl-2.1", "LGPL-3.0-only": "lgpl-3.0",
        "LGPL-3.0-or-later": "lgpl-3.0", "LPPL-1.3c": "lppl-1.3c", "MIT": "mit", "MIT-0": nil, "MPL-2.0": "mpl-2.0",
        "MS-PL": "ms-pl", "NCSA": "ncsa", "ODC-By-1.0": "odc-by", "ODbL-1.0": "odbl", "OFL-1.1": "ofl-1.1",
        "OSL-3.0": "osl-3.0", "PDDL-1.0": "pddl", "PostgreSQL": "postgresql", "UPL-1.0": nil,
        "Unlicense": "unlicense", "WTFPL": "wtfpl", "Zlib": "zlib",
    ]
}
