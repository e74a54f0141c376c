#include "plain.hpp"

#include <cstring>

#include "numbers.hpp"
#include "strict.hpp"
#include "values.hpp"

namespace csimdjson {
namespace {

/// A place in a chunk. What it reads it leaves behind itself; where it returns false, it has found something that is not plain.
class PlainText {
public:
    explicit PlainText(const char *at) : at_(at) {}

    /// How far behind a place this is.
    size_t behind(const char *start) const { return static_cast<size_t>(at_ - start); }

    void space() {
        while (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t') ++at_;
    }

    bool take(char c) {
        if (*at_ != c) return false;
        ++at_;
        return true;
    }

    /// Whether this stands here; a key with its quotes.
    template <size_t size>
    bool take(const char (&text)[size]) {
        if (memcmp(at_, text, size - 1) != 0) return false;
        at_ += size - 1;
        return true;
    }

    bool integer(int64_t &value) { return parse_plain_integer(at_, value); }

    bool real(double &value) { return parse_short_real(at_, value) || parse_real(at_, value) == CS_OK; }

    bool box(double (&box)[4]) {
        if (!take('[')) return false;
        for (int i = 0; i < 4; ++i) {
            space();
            if (!real(box[i])) return false;
            space();
            if (!take(i < 3 ? ',' : ']')) return false;
        }
        return true;
    }

    bool flag(uint8_t &flags, uint8_t bit) {
        int64_t number = 0;
        if (!integer(number)) return false;
        flags = static_cast<uint8_t>(number != 0 ? flags | bit : flags & ~bit);
        return true;
    }

    /// A string without escapes, whose bytes are its characters'.
    bool string(std::string_view &text) {
        if (*at_ != '"') return false;
        UncheckedSource source{{at_}};
        StrictWalk<UncheckedSource> walk(source);
        if (!walk.string()) return false;
        text = std::string_view(at_ + 1, static_cast<size_t>(source.at - at_) - 2);
        at_ = source.at;
        return text.find('\\') == text.npos;
    }

    /// Any value.
    bool pass() {
        std::string_view value;
        return pass(value);
    }

    /// Any value, and its text.
    bool pass(std::string_view &value) {
        UncheckedSource source{{at_}};
        StrictWalk<UncheckedSource> walk(source);
        const bool sound = walk.value();
        value = std::string_view(at_, static_cast<size_t>(source.at - at_));
        at_ = source.at;
        return sound;
    }

private:
    const char *at_;
};

/// A key and its value.
bool read_value(PlainText &text, AnnotationValues &values) {
    const auto colon = [&] {
        text.space();
        if (!text.take(':')) return false;
        text.space();
        return true;
    };
    if (text.take("\"image_id\"")) {
        values.seen |= has_image;
        return colon() && text.integer(values.image);
    }
    if (text.take("\"category_id\"")) {
        values.seen |= has_category;
        return colon() && text.integer(values.category);
    }
    if (text.take("\"bbox\"")) {
        values.seen |= has_box;
        return colon() && text.box(values.box);
    }
    if (values.is_result) {
        if (text.take("\"score\"")) {
            values.seen |= has_score;
            return colon() && text.real(values.score);
        }
        if (text.take("\"file_name\"")) return colon() && text.string(values.image_name);
        if (text.take("\"category_name\"")) return colon() && text.string(values.category_name);
    } else {
        if (text.take("\"id\"")) {
            values.seen |= has_id;
            return colon() && text.integer(values.id);
        }
        if (text.take("\"area\"")) {
            values.flags |= CS_FLAG_HAS_AREA;
            return colon() && text.real(values.area);
        }
        if (text.take("\"iscrowd\"")) return colon() && text.flag(values.flags, CS_FLAG_CROWD);
        if (text.take("\"ignore\"")) return colon() && text.flag(values.flags, CS_FLAG_IGNORE);
        if (text.take("\"segmentation\"")) return colon() && text.pass(values.outline);
    }
    // A key with escapes may be one of these.
    std::string_view key;
    return text.string(key) && colon() && text.pass();
}

bool read_record(PlainText &text, AnnotationValues &values) {
    if (!text.take('{')) return false;
    do {
        text.space();
        if (!read_value(text, values)) return false;
        text.space();
    } while (text.take(','));
    return text.take('}') && values.lacks() == 0;
}

}  // namespace

bool parse_plain(const Chunk &chunk, Columns &columns) {
    if (chunk.section != CS_SECTION_RESULTS && chunk.section != CS_SECTION_ANNOTATIONS) return false;
    PlainText text(chunk.text.data());
    if (!text.take('[')) return false;
    size_t count = 0;
    do {
        text.space();
        AnnotationValues values(chunk);
        if (!read_record(text, values)) return false;
        values.push(columns);
        // After some records, about as many as there will be are known.
        if (++count == 64) columns.reserve(count * chunk.text.size() / text.behind(chunk.text.data()) * 17 / 16);
        text.space();
    } while (text.take(','));
    return text.take(']') && text.behind(chunk.text.data()) == chunk.text.size();
}

}  // namespace csimdjson
