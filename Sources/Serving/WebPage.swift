/// The page for browsers. Its files stand in the folder `Page` and are compiled in.
enum WebPage {
    /// A file of the page.
    enum Part: CaseIterable, Sendable {
        case document, style, script

        init?(path: String) {
            guard let part = Self.allCases.first(where: { $0.path == path }) else { return nil }
            self = part
        }

        var path: String {
            switch self {
            case .document: "/"
            case .style: "/page.css"
            case .script: "/page.js"
            }
        }

        var answer: HTTPAnswer {
            switch self {
            case .document: HTTPAnswer(PackageResources.page_html, contentType: "text/html; charset=utf-8")
            case .style: HTTPAnswer(PackageResources.page_css, contentType: "text/css; charset=utf-8")
            case .script: HTTPAnswer(PackageResources.page_js, contentType: "text/javascript; charset=utf-8")
            }
        }
    }
}
