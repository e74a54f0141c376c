#include "records.hpp"

#include <simdjson.h>

#include <cstring>

namespace csimdjson {

using namespace simdjson;

struct RecordParser::State {
    ondemand::parser parser;
};

RecordParser::RecordParser() : state_(new State) {}
RecordParser::~RecordParser() = default;

namespace {

/// A record while its keys are visited: the first fault wins, and the record is marked.
struct Visit {
    const Chunk &chunk;
    Parsed &parsed;
    int64_t record;
    int64_t start;  // of the record, in the file
    bool sound = true;

    void fault(cs_code code, const char *key, const char *detail, const char *place) {
        if (!sound) return;
        sound = false;
        parsed.fault_count += 1;
        if (parsed.faults.size() >= faults_to_keep) return;
        const int64_t byte = place ? chunk.byte + (place - chunk.text.data()) - 1 : start;
        parsed.faults.push_back({code, chunk.section, record, byte, key, detail});
    }

    /// A value that could not be had as wanted.
    void fault(error_code error, const char *key, const char *wanted, const char *place) {
        const bool range = error == NUMBER_OUT_OF_RANGE;
        fault(range ? CS_OUT_OF_RANGE : CS_WRONG_TYPE, key, wanted, place);
    }
};

inline const char *place_of(ondemand::value &value) {
    const char *place = nullptr;
    if (value.current_location().get(place)) return nullptr;
    return place;
}

template <size_t n>
inline bool is(const char *raw, const char (&name)[n]) {
    return memcmp(raw, name, n - 1) == 0 && raw[n - 1] == '"';
}

void read_integer(Visit &visit, ondemand::value value, const char *key, int64_t &to) {
    const char *place = place_of(value);
    const auto error = value.get_int64().get(to);
    if (error) visit.fault(error, key, "an integer", place);
}

void read_real(Visit &visit, ondemand::value value, const char *key, double &to) {
    const char *place = place_of(value);
    const auto error = value.get_double().get(to);
    if (error) visit.fault(error, key, "a number", place);
}

/// COCO writes 0 and 1; others write false and true, or null for "not said".
void read_flag(Visit &visit, ondemand::value value, const char *key, uint8_t &flags, uint8_t bit) {
    const char *place = place_of(value);
    int64_t number = 0;
    bool truth = false;
    auto error = value.get_int64().get(number);
    if (error) {
        error = value.get_bool().get(truth);
        bool null = false;
        if (error && !value.is_null().get(null) && null) error = SUCCESS;
        number = truth;
    }
    if (error) {
        visit.fault(error, key, "0 or 1", place);
    } else if (number != 0) {
        flags |= bit;
    } else {
        flags &= static_cast<uint8_t>(~bit);
    }
}

void read_name(Visit &visit, ondemand::value value, const char *key, std::string_view &to) {
    const char *place = place_of(value);
    const auto error = value.get_string().get(to);
    if (error) visit.fault(CS_WRONG_TYPE, key, "a string", place);
}

bool read_box(Visit &visit, ondemand::value value, double (&box)[4]) {
    const char *wanted = "an array of four numbers [x, y, width, height]";
    const char *place = place_of(value);
    ondemand::array numbers;
    size_t count = 0;
    auto error = value.get_array().get(numbers);
    if (!error) {
        for (auto element : numbers) {
            double number = 0;
            if ((error = element.get_double().get(number))) break;
            if (count < 4) box[count] = number;
            ++count;
        }
    }
    if (error || count != 4) {
        visit.fault(error ? error : INCORRECT_TYPE, "bbox", wanted, place);
        return false;
    }
    return true;
}

/// Calls `body(raw key, value)` for every key of a record. A structural error, which ends the chunk, is returned.
template <typename Body>
error_code visit_keys(ondemand::object record, Body body) {
    for (auto field : record) {
        ondemand::raw_json_string key;
        ondemand::value value;
        if (auto error = field.key().get(key)) return error;
        if (auto error = field.value().get(value)) return error;
        body(key.raw(), value);
    }
    return SUCCESS;
}

error_code read_image(Visit &visit, ondemand::object record) {
    int64_t id = 0, width = 0, height = 0;
    std::string_view name;
    uint8_t sizes = 0, flags = 0;
    bool has_id = false;
    const auto error = visit_keys(record, [&](const char *key, ondemand::value value) {
        if (is(key, "id")) {
            has_id = true;
            read_integer(visit, value, "id", id);
        } else if (is(key, "width")) {
            sizes |= 1;
            read_integer(visit, value, "width", width);
        } else if (is(key, "height")) {
            sizes |= 2;
            read_integer(visit, value, "height", height);
        } else if (is(key, "file_name")) {
            flags |= CS_FLAG_HAS_NAME;
            read_name(visit, value, "file_name", name);
        }
    });
    if (error) return error;
    if (!has_id) visit.fault(CS_MISSING_KEY, "id", "an integer", nullptr);
    if (sizes == 3) flags |= CS_FLAG_HAS_SIZE;
    if (!visit.sound) flags |= CS_FLAG_MALFORMED;
    auto &columns = visit.parsed.columns;
    columns.push(CS_IMAGE_ID, id);
    columns.push(CS_IMAGE_WIDTH, width);
    columns.push(CS_IMAGE_HEIGHT, height);
    columns.push_name(CS_IMAGE_NAME_BYTES, CS_IMAGE_NAME_END, name);
    columns.push_flags(CS_IMAGE_FLAGS, flags);
    return SUCCESS;
}

error_code read_category(Visit &visit, ondemand::object record) {
    int64_t id = 0;
    std::string_view name;
    uint8_t flags = 0;
    bool has_id = false;
    const auto error = visit_keys(record, [&](const char *key, ondemand::value value) {
        if (is(key, "id")) {
            has_id = true;
            read_integer(visit, value, "id", id);
        } else if (is(key, "name")) {
            flags |= CS_FLAG_HAS_NAME;
            read_name(visit, value, "name", name);
        }
    });
    if (error) return error;
    if (!has_id) visit.fault(CS_MISSING_KEY, "id", "an integer", nullptr);
    if (!visit.sound) flags |= CS_FLAG_MALFORMED;
    auto &columns = visit.parsed.columns;
    columns.push(CS_CATEGORY_ID, id);
    columns.push_name(CS_CATEGORY_NAME_BYTES, CS_CATEGORY_NAME_END, name);
    columns.push_flags(CS_CATEGORY_FLAGS, flags);
    return SUCCESS;
}

enum : unsigned { has_id = 1, has_image = 2, has_category = 4, has_box = 8, has_score = 16 };

/// An annotation, or with `result` a detection, which has a score and neither id, area nor flags.
error_code read_annotation(Visit &visit, ondemand::object record, bool result) {
    int64_t id = 0, image = 0, category = 0;
    double box[4] = {0, 0, 0, 0}, area = 0, score = 0;
    uint8_t flags = 0;
    unsigned seen = 0;
    const auto error = visit_keys(record, [&](const char *key, ondemand::value value) {
        if (is(key, "image_id")) {
            seen |= has_image;
            read_integer(visit, value, "image_id", image);
        } else if (is(key, "category_id")) {
            seen |= has_category;
            read_integer(visit, value, "category_id", category);
        } else if (is(key, "bbox")) {
            seen |= has_box;
            read_box(visit, value, box);
        } else if (result) {
            if (is(key, "score")) {
                seen |= has_score;
                read_real(visit, value, "score", score);
            }
        } else if (is(key, "id")) {
            seen |= has_id;
            read_integer(visit, value, "id", id);
        } else if (is(key, "area")) {
            flags |= CS_FLAG_HAS_AREA;
            read_real(visit, value, "area", area);
        } else if (is(key, "iscrowd")) {
            read_flag(visit, value, "iscrowd", flags, CS_FLAG_CROWD);
        } else if (is(key, "ignore")) {
            read_flag(visit, value, "ignore", flags, CS_FLAG_IGNORE);
        }
    });
    if (error) return error;
    if (!result && !(seen & has_id)) visit.fault(CS_MISSING_KEY, "id", "an integer", nullptr);
    if (!(seen & has_image)) visit.fault(CS_MISSING_KEY, "image_id", "an integer", nullptr);
    if (!(seen & has_category)) visit.fault(CS_MISSING_KEY, "category_id", "an integer", nullptr);
    if (!(seen & has_box)) visit.fault(CS_MISSING_KEY, "bbox", "[x, y, width, height]", nullptr);
    if (result && !(seen & has_score)) visit.fault(CS_MISSING_KEY, "score", "a number", nullptr);
    if (!visit.sound) flags |= CS_FLAG_MALFORMED;
    auto &columns = visit.parsed.columns;
    columns.push(CS_ANNOTATION_IMAGE, image);
    columns.push(CS_ANNOTATION_CATEGORY, category);
    columns.push(CS_ANNOTATION_X, box[0]);
    columns.push(CS_ANNOTATION_Y, box[1]);
    columns.push(CS_ANNOTATION_WIDTH, box[2]);
    columns.push(CS_ANNOTATION_HEIGHT, box[3]);
    if (result) {
        columns.push(CS_ANNOTATION_SCORE, score);
    } else {
        columns.push(CS_ANNOTATION_ID, id);
        columns.push(CS_ANNOTATION_AREA, area);
        columns.push_flags(CS_ANNOTATION_FLAGS, flags);
    }
    return SUCCESS;
}

error_code read_record(Visit &visit, ondemand::object record) {
    switch (visit.chunk.section) {
        case CS_SECTION_IMAGES: return read_image(visit, record);
        case CS_SECTION_CATEGORIES: return read_category(visit, record);
        case CS_SECTION_ANNOTATIONS: return read_annotation(visit, record, false);
        default: return read_annotation(visit, record, true);
    }
}

}  // namespace

void RecordParser::parse(Chunk &chunk, Parsed &parsed) {
    parsed.columns.clear();
    parsed.faults.clear();
    parsed.fault_count = 0;
    parsed.fatal = false;

    const size_t length = chunk.text.size();
    chunk.text.resize(length + SIMDJSON_PADDING);
    chunk.text.resize(length);
    int64_t record = chunk.first_record;
    int64_t start = chunk.byte;

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
            Visit visit{chunk, parsed, record, start};
            if (auto error = read_record(visit, object)) return error;
            ++record;
        }
        return SUCCESS;
    };
    if (const auto error = read()) {
        parsed.fatal = true;
        parsed.fault_count += 1;
        const bool memory = error == MEMALLOC || error == CAPACITY;
        parsed.faults.push_back(
            {memory ? CS_NO_MEMORY : CS_NOT_JSON, chunk.section, record, start, "", error_message(error)});
    }
}

}  // namespace csimdjson
