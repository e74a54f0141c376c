#include "CXML.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>

#include <climits>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Element {
    size_t name_start;
    size_t name_length;
    size_t text_start = 0;
    size_t text_length = 0;
    int64_t parent;
    int64_t children = 0;
    int64_t line;
};

/// An element that is not closed yet, with its text so far.
struct Open {
    int64_t position;
    std::string text;
};

/// Bytes of a message that are shown.
constexpr size_t kDetailLength = 300;

/// A message on one line, without control characters, cut between two characters.
std::string one_line(const char *text) {
    std::string line(text, strnlen(text, kDetailLength + 1));
    if (line.size() > kDetailLength) {
        size_t end = kDetailLength;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
        line.resize(end);
        line += " …";
    }
    while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.pop_back();
    for (char &c : line) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
    }
    return line;
}

}  // namespace

struct cx_file_s {
    std::vector<Element> elements;
    /// Names and texts end to end.
    std::string bytes;
    /// The first `depth` are open; the others keep their memory for the next element.
    std::vector<Open> open;
    size_t depth = 0;
    cx_code code = CX_OK;
    int64_t line = 0;
    std::string detail;
    xmlParserCtxtPtr parser = nullptr;

    /// Notes the first fault. Nothing is taken from the file after it.
    void refuse(cx_code why, int64_t at, const char *words) noexcept {
        if (code != CX_OK) return;
        code = why;
        line = at > 0 ? at : 1;
        try {
            detail = one_line(words);
        } catch (const std::bad_alloc &) {
            code = CX_NO_MEMORY;
        }
    }

    /// Notes a fault that libxml2 does not see, and ends the parsing.
    void stop(cx_code why, const char *words) noexcept {
        refuse(why, here(), words);
        xmlStopParser(parser);
    }

    int64_t here() const noexcept { return xmlSAX2GetLineNumber(parser); }
};

namespace {

/// Runs the body of a callback: no exception may pass libxml2's own functions.
template <typename Body>
void guarded(void *context, Body body) noexcept {
    auto &file = *static_cast<cx_file_s *>(context);
    if (file.code != CX_OK) return;
    try {
        body(file);
    } catch (...) {
        file.stop(CX_NO_MEMORY, "");
    }
}

std::string_view view(const xmlChar *text) {
    return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char *>(text));
}

void on_start(
    void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *, int, const xmlChar **, int, int,
    const xmlChar **) {
    guarded(context, [&](cx_file_s &file) {
        if (file.depth >= CX_DEEPEST) return file.stop(CX_TOO_DEEP, "");
        Element element{};
        element.name_start = file.bytes.size();
        if (prefix != nullptr) file.bytes.append(view(prefix)).append(":");
        file.bytes.append(view(name));
        element.name_length = file.bytes.size() - element.name_start;
        element.line = file.here();
        element.parent = file.depth == 0 ? -1 : file.open[file.depth - 1].position;
        if (element.parent >= 0) file.elements[static_cast<size_t>(element.parent)].children += 1;
        if (file.open.size() == file.depth) file.open.emplace_back();
        file.open[file.depth].position = static_cast<int64_t>(file.elements.size());
        file.open[file.depth].text.clear();
        file.depth += 1;
        file.elements.push_back(element);
    });
}

void on_text(void *context, const xmlChar *text, int length) {
    guarded(context, [&](cx_file_s &file) {
        if (file.depth == 0) return;
        file.open[file.depth - 1].text.append(reinterpret_cast<const char *>(text), static_cast<size_t>(length));
    });
}

void on_end(void *context, const xmlChar *, const xmlChar *, const xmlChar *) {
    guarded(context, [](cx_file_s &file) {
        if (file.depth == 0) return;
        file.depth -= 1;
        const Open &open = file.open[file.depth];
        Element &element = file.elements[static_cast<size_t>(open.position)];
        element.text_start = file.bytes.size();
        element.text_length = open.text.size();
        file.bytes.append(open.text);
    });
}

void on_document_type(void *context, const xmlChar *name, const xmlChar *, const xmlChar *) {
    guarded(context, [&](cx_file_s &file) {
        file.stop(CX_DOCUMENT_TYPE, name == nullptr ? "" : reinterpret_cast<const char *>(name));
    });
}

#if LIBXML_VERSION >= 21200
using ErrorPointer = const xmlError *;
#else
using ErrorPointer = xmlErrorPtr;
#endif

void on_error(void *context, ErrorPointer error) {
    guarded(context, [&](cx_file_s &file) {
        if (error == nullptr || error->level < XML_ERR_ERROR) return;
        cx_code code = CX_NOT_WELL_FORMED;
        switch (error->code) {
            case XML_ERR_NO_MEMORY: code = CX_NO_MEMORY; break;
            case XML_ERR_UNSUPPORTED_ENCODING: code = CX_UNKNOWN_ENCODING; break;
            case XML_ERR_INVALID_ENCODING:
            case XML_I18N_CONV_FAILED:
            case XML_I18N_NO_OUTPUT: code = CX_NOT_IN_ENCODING; break;
            case XML_ERR_UNDECLARED_ENTITY:
            case XML_WAR_UNDECLARED_ENTITY: code = CX_UNKNOWN_ENTITY; break;
            default: break;
        }
        file.refuse(code, error->line, error->message == nullptr ? "" : error->message);
    });
}

void read(cx_file_s &file, const void *bytes, int64_t count) {
    static std::once_flag initialized;
    std::call_once(initialized, xmlInitParser);
    if (count <= 0) return file.refuse(CX_NOT_WELL_FORMED, 1, "Document is empty");
    if (count > INT_MAX) return file.refuse(CX_NO_MEMORY, 1, "");
    xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt(static_cast<const char *>(bytes), static_cast<int>(count));
    if (parser == nullptr) return file.refuse(CX_NO_MEMORY, 1, "");
    file.parser = parser;
    xmlCtxtUseOptions(parser, XML_PARSE_NONET);
    // No callback but these: no tree is built, and no declaration is kept.
    xmlSAXHandler calls{};
    calls.initialized = XML_SAX2_MAGIC;
    calls.startElementNs = on_start;
    calls.endElementNs = on_end;
    calls.characters = on_text;
    calls.ignorableWhitespace = on_text;
    calls.cdataBlock = on_text;
    calls.internalSubset = on_document_type;
    calls.serror = on_error;
    *parser->sax = calls;
    parser->userData = &file;
    xmlParseDocument(parser);
    if (file.code == CX_OK && (parser->wellFormed == 0 || parser->nsWellFormed == 0)) {
        file.refuse(CX_NOT_WELL_FORMED, file.here(), "it breaks a rule of XML");
    }
    // libxml2 takes a NUL character behind the root for the end of the file.
    if (file.code == CX_OK && parser->input != nullptr && parser->input->cur < parser->input->end) {
        file.refuse(CX_NOT_WELL_FORMED, file.here(), "Extra content at the end of the document");
    }
    if (file.code == CX_OK && (file.depth != 0 || file.elements.empty())) {
        file.refuse(CX_NOT_WELL_FORMED, file.here(), "Premature end of data");
    }
    file.parser = nullptr;
    // libxml2 makes a document for the entities of a document type that it was reading when it was stopped.
    if (parser->myDoc != nullptr) xmlFreeDoc(parser->myDoc);
    parser->myDoc = nullptr;
    xmlFreeParserCtxt(parser);
}

}  // namespace

cx_file cx_read(const void *bytes, int64_t count) {
    auto *file = new (std::nothrow) cx_file_s();
    if (file != nullptr) read(*file, bytes, count);
    return file;
}

cx_fault cx_fault_of(cx_file file) { return {file->code, file->line, file->detail.c_str()}; }

int64_t cx_element_count(cx_file file) { return file->code == CX_OK ? static_cast<int64_t>(file->elements.size()) : 0; }

cx_element cx_element_at(cx_file file, int64_t index) {
    const Element &element = file->elements[static_cast<size_t>(index)];
    const char *bytes = file->bytes.data();
    return {
        bytes + element.name_start,
        static_cast<int64_t>(element.name_length),
        bytes + element.text_start,
        static_cast<int64_t>(element.text_length),
        element.parent,
        element.children,
        element.line,
    };
}

void cx_close(cx_file file) { delete file; }
