import Foundation
import Media

/// An HTML page of sections with a heading and links to them: one file without scripts.
struct ReportPage {
    /// A part of the page.
    struct Section {
        let id: String
        let title: String
        let body: HTML

        init(_ id: String, _ title: String, _ body: HTML) { (self.id, self.title, self.body) = (id, title, body) }
    }

    let title: String
    /// The sections in their order; those without a body are left out.
    let sections: [Section]

    func html() -> HTML {
        let sections = sections.filter { !$0.body.text.isEmpty }
        let links = sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>" as HTML }
        let bodies = sections.map {
            "<section id=\"\($0.id)\"><h2>\($0.title)</h2>\n\($0.body)</section>\n" as HTML
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>
            \(ReportStyle.css)</style></head>
            <body><header><h1>\(title)</h1><nav>\(links)</nav></header>
            <main>
            \(bodies)</main></body></html>

            """
    }

    /// A picture with its name and caption; where drawing fails, the reason stands in its place.
    static func figure(name: String, caption: String, drawn: () throws -> ByteImage) -> HTML {
        do {
            let jpeg = try ImageFile.encodeJPEG(drawn(), encoding: JPEGEncoding(quality: 85), name: name)
            return """
                <figure><img alt="\(name): \(caption)" loading="lazy" \
                src="data:image/jpeg;base64,\(Data(jpeg).base64EncodedString())">\
                <figcaption><b>\(name)</b><br>\(caption)</figcaption></figure>

                """
        } catch {
            return
                "<figure><p class=\"note\">\("\(error)")</p><figcaption><b>\(name)</b><br>\(caption)</figcaption></figure>\n"
        }
    }
}
