#include "records.hpp"

#include <simdjson.h>

#include <cstring>

#include "numbers.hpp"
#include "plain.hpp"
#include "strict.hpp"
#include "values.hpp"

namespace csimdjson {

using namespace simdjson;

struct RecordParser::State {
    ondemand::parser parser;
};

RecordParser::RecordParser() : state_(new State) {}
RecordParser::~RecordParser() = default;

namespace {

/// Where a chunk's text breaks JSON's rules, and what should stand there; no place: it doesn't.
struct Breach {
    const char *place = nullptr;
    const char *wanted = "";
};

/// A record while its keys are visited: the first fault wins, and the record is marked.
struct Visit {
    const Chunk &chunk;
    Parsed &parsed;
    Breach &breach;
    int64_t record;
    int64_t start;  // of the record, in the file
    bool sound = true;

    int64_t byte(const char *place) const { return chunk.byte + (place - chunk.text.data()) - 1; }

    void fault(cs_code code, const char *key, const char *detail, const char *place = nullptr) {
        if (!sound) return;
        sound = false;
        parsed.fault_count += 1;
        if (parsed.faults.size() >= faults_to_keep) return;
        parsed.faults.push_back({code, chunk.section, record, place ? byte(place) : start, key, detail});
    }

    /// Passes over the value at `place`, which must be JSON all the same.
    bool pass(const char *place) {
        std::string_view value;
        return pass(place, value);
    }

    /// Passes over the value at `place` and says what its text is.
    bool pass(const char *place, std::string_view &value) {
        TextSource text{place};
        StrictWalk<TextSource> walk(text);
        if (walk.value()) {
            value = std::string_view(place, static_cast<size_t>(text.at - place));
            return true;
        }
        if (!breach.place) breach = {text.at, walk.wanted};
        return false;
    }

    /// A value that could not be had as wanted: another type, a number out of range, or no JSON at all.
    void refuse(cs_code code, const char *key, const char *wanted, const char *place) {
        if (pass(place)) fault(code, key, wanted, place);
    }
};

inline bool is_word(const char *at, const char *word) {
    const size_t length = strlen(word);
    return strncmp(at, word, length) == 0 && ends_value(static_cast<unsigned char>(at[length]));
}

/// Whether the value at `at` is null, with which many exporters say that there is none.
inline bool is_null(const char *at) { return *at == 'n' && is_word(at, "null"); }

bool read_integer(Visit &visit, const char *at, const char *key, int64_t &to) {
    const auto code = parse_integer(at, to);
    if (code != CS_OK) visit.refuse(code, key, "an integer", at);
    return code == CS_OK;
}

void read_real(Visit &visit, const char *at, const char *key, double &to) {
    const char *start = at;
    const auto code = parse_real(at, to);
    if (code != CS_OK) visit.refuse(code, key, "a number", start);
}

/// COCO writes 0 and 1; others write false and true, or null for "not said".
void read_flag(Visit &visit, const char *at, const char *key, uint8_t &flags, uint8_t bit) {
    int64_t number = 0;
    if (is_word(at, "true")) {
        number = 1;
    } else if (!is_word(at, "false") && !is_null(at)) {
        if (const auto code = parse_integer(at, number)) return visit.refuse(code, key, "0 or 1", at);
    }
    if (number != 0) {
        flags |= bit;
    } else {
        flags &= static_cast<uint8_t>(~bit);
    }
}

/// False for null, and for what is no string.
bool read_name(Visit &visit, ondemand::value value, const char *at, const char *key, std::string_view &to) {
    if (is_null(at)) return false;
    if (*at == '"' && !value.get_string().get(to)) return true;
    visit.refuse(CS_WRONG_TYPE, key, *at == '"' ? "a string of whole characters" : "a string", at);
    return false;
}

inline const char *skip_space(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') ++at;
    return at;
}

/// The four numbers of the array at `at`.
cs_code read_four(const char *at, double (&box)[4]) {
    if (*at != '[') return CS_WRONG_TYPE;
    for (int i = 0; i < 4; ++i) {
        at = skip_space(at + 1);
        if (const auto code = parse_real(at, box[i])) return code;
        at = skip_space(at);
        if (*at != (i < 3 ? ',' : ']')) return CS_WRONG_TYPE;
    }
    return CS_OK;
}

void read_box(Visit &visit, const char *at, double (&box)[4]) {
    const auto code = read_four(at, box);
    if (code != CS_OK) visit.refuse(code, "bbox", "an array of four numbers [x, y, width, height]", at);
}

/// Calls `body(key, value, its first byte)` for every key of a record. A structural error, which ends the chunk, is returned.
template <typename Body>
error_code visit_keys(Visit &visit, ondemand::object record, Body body) {
    for (auto field : record) {
        ondemand::raw_json_string raw;
        if (auto error = field.key().get(raw)) return error;
        TextSource text{raw.raw() - 1};
        StrictWalk<TextSource> walk(text);
        if (!walk.string()) {
            visit.breach = {text.at, walk.wanted};
            return TAPE_ERROR;
        }
        std::string_view key(raw.raw(), static_cast<size_t>(text.at - raw.raw()) - 1);
        // One whose escapes are no characters is none of the keys that are looked for.
        if (key.find('\\') != key.npos && field.unescaped_key().get(key)) key = "";
        ondemand::value value;
        if (auto error = field.value().get(value)) return error;
        body(key, value, value.raw_json_token().data());
        if (visit.breach.place) return TAPE_ERROR;
    }
    return SUCCESS;
}

error_code read_image(Visit &visit, ondemand::object record) {
    int64_t id = 0, width = 0, height = 0;
    std::string_view name;
    bool has_id = false, has_width = false, has_height = false, has_name = false;
    const auto error = visit_keys(visit, record, [&](std::string_view key, ondemand::value value, const char *at) {
        if (key == "id") {
            has_id = true;
            read_integer(visit, at, "id", id);
        } else if (key == "width") {
            has_width = !is_null(at) && read_integer(visit, at, "width", width);
        } else if (key == "height") {
            has_height = !is_null(at) && read_integer(visit, at, "height", height);
        } else if (key == "file_name") {
            has_name = read_name(visit, value, at, "file_name", name);
        } else {
            visit.pass(at);
        }
    });
    if (error) return error;
    if (!has_id) visit.fault(CS_MISSING_KEY, "id", "an integer");
    uint8_t flags = 0;
    if (has_width && has_height) flags |= CS_FLAG_HAS_SIZE;
    if (has_name) flags |= CS_FLAG_HAS_NAME;
    if (!visit.sound) flags |= CS_FLAG_MALFORMED;
    auto &columns = visit.parsed.columns;
    columns.push(CS_IMAGE_ID, id);
    columns.push(CS_IMAGE_WIDTH, has_width ? width : 0);
    columns.push(CS_IMAGE_HEIGHT, has_height ? height : 0);
    columns.push_name(CS_IMAGE_NAME_BYTES, CS_IMAGE_NAME_END, has_name ? name : "");
    columns.push_flags(CS_IMAGE_FLAGS, flags);
    return SUCCESS;
}

error_code read_category(Visit &visit, ondemand::object record) {
    int64_t id = 0;
    std::string_view name, group;
    bool has_id = false, has_name = false, has_group = false;
    const auto error = visit_keys(visit, record, [&](std::string_view key, ondemand::value value, const char *at) {
        if (key == "id") {
            has_id = true;
            read_integer(visit, at, "id", id);
        } else if (key == "name") {
            has_name = read_name(visit, value, at, "name", name);
        } else if (key == "supercategory") {
            has_group = *at == '"' && read_name(visit, value, at, "supercategory", group);
            if (!has_group) visit.pass(at);
        } else {
            visit.pass(at);
        }
    });
    if (error) return error;
    if (!has_id) visit.fault(CS_MISSING_KEY, "id", "an integer");
    uint8_t flags = 0;
    if (has_name) flags |= CS_FLAG_HAS_NAME;
    if (!visit.sound) flags |= CS_FLAG_MALFORMED;
    auto &columns = visit.parsed.columns;
    columns.push(CS_CATEGORY_ID, id);
    columns.push_name(CS_CATEGORY_NAME_BYTES, CS_CATEGORY_NAME_END, has_name ? name : "");
    columns.push_name(CS_CATEGORY_GROUP_BYTES, CS_CATEGORY_GROUP_END, has_group ? group : "");
    columns.push_flags(CS_CATEGORY_FLAGS, flags);
    return SUCCESS;
}

error_code read_annotation(Visit &visit, ondemand::object record) {
    AnnotationValues values(visit.chunk);
    const auto error = visit_keys(visit, record, [&](std::string_view key, ondemand::value value, const char *at) {
        if (key == "image_id") {
            values.seen |= has_image;
            read_integer(visit, at, "image_id", values.image);
        } else if (key == "category_id") {
            values.seen |= has_category;
            read_integer(visit, at, "category_id", values.category);
        } else if (key == "bbox") {
            values.seen |= has_box;
            read_box(visit, at, values.box);
        } else if (values.is_result) {
            if (key == "score") {
                values.seen |= has_score;
                read_real(visit, at, "score", values.score);
            } else if (key == "file_name") {
                if (!read_name(visit, value, at, "file_name", values.image_name)) values.image_name = "";
            } else if (key == "category_name") {
                if (!read_name(visit, value, at, "category_name", values.category_name)) values.category_name = "";
            } else {
                visit.pass(at);
            }
        } else if (key == "id") {
            values.seen |= has_id;
            read_integer(visit, at, "id", values.id);
        } else if (key == "area") {
            values.flags &= static_cast<uint8_t>(~CS_FLAG_HAS_AREA);
            values.area = 0;
            if (is_null(at)) return;
            values.flags |= CS_FLAG_HAS_AREA;
            read_real(visit, at, "area", values.area);
        } else if (key == "iscrowd") {
            read_flag(visit, at, "iscrowd", values.flags, CS_FLAG_CROWD);
        } else if (key == "ignore") {
            read_flag(visit, at, "ignore", values.flags, CS_FLAG_IGNORE);
        } else if (key == "segmentation") {
            visit.pass(at, values.outline);
        } else {
            visit.pass(at);
        }
    });
    if (error) return error;
    const unsigned lacks = values.lacks();
    if (lacks & has_id) visit.fault(CS_MISSING_KEY, "id", "an integer");
    if (lacks & has_image) visit.fault(CS_MISSING_KEY, "image_id", "an integer");
    if (lacks & has_category) visit.fault(CS_MISSING_KEY, "category_id", "an integer");
    if (lacks & has_box) visit.fault(CS_MISSING_KEY, "bbox", "[x, y, width, height]");
    if (lacks & has_score) visit.fault(CS_MISSING_KEY, "score", "a number");
    if (!visit.sound) values.flags |= CS_FLAG_MALFORMED;
    values.push(visit.parsed.columns);
    return SUCCESS;
}

error_code read_record(Visit &visit, ondemand::object record) {
    switch (visit.chunk.section) {
        case CS_SECTION_IMAGES: return read_image(visit, record);
        case CS_SECTION_CATEGORIES: return read_category(visit, record);
        default: return read_annotation(visit, record);
    }
}

/// The first place of a chunk that is not UTF-8.
Fault not_utf8(const Chunk &chunk) {
    UncheckedSource text{{chunk.text.data()}};
    StrictWalk<UncheckedSource> walk(text);
    walk.value();
    const int64_t byte = chunk.byte + (text.at - chunk.text.data()) - 1;
    return {CS_WRONG_ENCODING, chunk.section, -1, byte, "", "not UTF-8"};
}

}  // namespace

void RecordParser::parse(Chunk &chunk, Parsed &parsed) {
    const size_t length = chunk.text.size();
    chunk.text.resize(length + SIMDJSON_PADDING);
    chunk.text.resize(length);
    if (parse_plain(chunk, parsed.columns)) return;
    parsed.columns.clear();

    int64_t record = chunk.first_record;
    int64_t start = chunk.byte;
    Breach breach;

    // A function of its own, so that every way out of it is one error.
    const auto read = [&]() -> error_code {
        ondemand::document document;
        ondemand::array records;
        if (auto error = state_->parser.iterate(chunk.text.data(), length, chunk.text.capacity()).get(document)) {
            return error;
        }
        if (auto error = document.get_array().get(records)) return error;
        for (auto element : records) {
            ondemand::value value;
            ondemand::object object;
            if (auto error = element.get(value)) return error;
            const char *place = nullptr;
            if (!document.current_location().get(place)) start = chunk.byte + (place - chunk.text.data()) - 1;
            if (auto error = value.get_object().get(object)) return error;
            Visit visit{chunk, parsed, breach, record, start};
            if (auto error = read_record(visit, object)) return error;
            ++record;
        }
        return SUCCESS;
    };
    if (const auto error = read()) {
        parsed.fatal = true;
        parsed.fault_count += 1;
        Fault fault{CS_NOT_JSON, chunk.section, record, start, "", error_message(error)};
        if (breach.place) {
            fault.byte = chunk.byte + (breach.place - chunk.text.data()) - 1;
            fault.detail = breach.wanted;
        } else if (error == MEMALLOC || error == CAPACITY) {
            fault.code = CS_NO_MEMORY;
        } else if (error == UTF8_ERROR) {
            fault = not_utf8(chunk);
        }
        parsed.faults.push_back(std::move(fault));
    }
}

}  // namespace csimdjson
