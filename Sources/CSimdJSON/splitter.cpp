#include "splitter.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "strict.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace csimdjson {
namespace {

constexpr size_t block_size = 256 << 10;
constexpr int64_t chunk_size = 1 << 20;

/// Looks for the end of an object, in one piece of text after the other. Only strings and braces matter to it.
class ObjectEnd {
public:
    /// Behind the brace that closes the object which the first piece began with; null where it does not end in this piece.
    const char *find(const char *at, const char *end) {
#if defined(__SSE2__)
        for (; end - at >= 64; at += 64) {
            const ObjectBytes bytes(at);
            if (bytes.backslashes || is_escaped_) {
                if (const char *found = find_slowly(at, at + 64)) return found;
                continue;
            }
            uint64_t in_string = bytes.quotes;
            for (int shift = 1; shift < 64; shift *= 2) in_string ^= in_string << shift;
            if (is_in_string_) in_string = ~in_string;
            is_in_string_ = in_string >> 63;
            for (uint64_t braces = (bytes.open | bytes.close) & ~in_string; braces; braces &= braces - 1) {
                if (bytes.open & braces & -braces) {
                    ++depth_;
                } else if (--depth_ == 0) {
                    return at + __builtin_ctzll(braces) + 1;
                }
            }
        }
#endif
        return find_slowly(at, end);
    }

private:
#if defined(__SSE2__)
    /// What 64 bytes are, a bit for each.
    struct ObjectBytes {
        uint64_t quotes = 0, backslashes = 0, open = 0, close = 0;

        explicit ObjectBytes(const char *at) {
            for (int i = 0; i < 64; i += 16) {
                const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at + i));
                const auto equal = [&](char c) {
                    const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
                    return static_cast<uint64_t>(static_cast<uint32_t>(hits)) << i;
                };
                quotes |= equal('"');
                backslashes |= equal('\\');
                open |= equal('{');
                close |= equal('}');
            }
        }
    };
#endif

    const char *find_slowly(const char *at, const char *end) {
        for (; at < end; ++at) {
            if (is_escaped_) {
                is_escaped_ = false;
            } else if (is_in_string_) {
                is_escaped_ = *at == '\\';
                is_in_string_ = *at != '"';
            } else if (*at == '"') {
                is_in_string_ = true;
            } else if (*at == '{') {
                ++depth_;
            } else if (*at == '}' && --depth_ == 0) {
                return at + 1;
            }
        }
        return nullptr;
    }

    int64_t depth_ = 0;
    bool is_in_string_ = false;
    bool is_escaped_ = false;
};

inline bool is_space(int c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

Splitter::Splitter(const char *path, cs_kind kind) : kind_(kind), block_(new char[block_size]) {
    at_ = end_ = block_.get();
    descriptor_ = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor_ < 0 || fstat(descriptor_, &status) != 0) {
        fail(CS_CANNOT_OPEN, strerror(errno));
        fault_.byte = -1;
        return;
    }
    size_ = status.st_size;
}

Splitter::~Splitter() {
    if (descriptor_ >= 0) close(descriptor_);
}

bool Splitter::refill() {
    if (text_) {
        text_->append(pending_, end_);
        pending_ = block_.get();
    }
    block_offset_ += end_ - block_.get();
    at_ = end_ = block_.get();
    ssize_t count;
    do {
        count = ::read(descriptor_, block_.get(), block_size);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        fail(CS_CANNOT_OPEN, strerror(errno));
        return false;
    }
    end_ += count;
    return count > 0;
}

int Splitter::peek() {
    if (at_ == end_ && !refill()) return -1;
    return static_cast<unsigned char>(*at_);
}

void Splitter::skip_space() {
    while (is_space(peek())) ++at_;
}

bool Splitter::fail(cs_code code, const char *detail) {
    if (fault_.code == CS_OK) {
        fault_.code = code;
        fault_.section = section_;
        fault_.record = section_ == CS_SECTION_FILE ? -1 : record_;
        fault_.byte = position();
        fault_.detail = detail;
    }
    return false;
}

bool Splitter::fail_at_end(const char *wanted) {
    return peek() < 0 ? fail(CS_TRUNCATED, wanted) : fail(CS_NOT_JSON, wanted);
}

/// What the file is instead of UTF-8, by its first bytes: every JSON file begins with two characters of ASCII.
const char *Splitter::other_encoding() {
    if (peek() < 0 || end_ - at_ < 2) return nullptr;
    const auto is = [this](unsigned char a, unsigned char b) {
        return static_cast<unsigned char>(at_[0]) == a && static_cast<unsigned char>(at_[1]) == b;
    };
    if (is(0xFF, 0xFE) || is(0xFE, 0xFF) || at_[0] == 0 || at_[1] == 0) {
        const bool is_wide = end_ - at_ >= 4 && (is(0, 0) || (at_[2] == 0 && at_[3] == 0));
        return is_wide ? "UTF-32" : "UTF-16";
    }
    return is(0x1F, 0x8B) ? "compressed with gzip" : is('P', 'K') ? "a zip archive" : nullptr;
}

bool Splitter::expect(char wanted, const char *detail) {
    skip_space();
    if (peek() != static_cast<unsigned char>(wanted)) return fail_at_end(detail);
    ++at_;
    return true;
}

namespace {

/// The rest of the file, for a walk over a key or a value that is no section.
struct FileSource {
    static constexpr bool is_utf8 = false, is_in_memory = false;

    Splitter &file;
    std::string *text = nullptr;  // where the bytes that are passed go

    int peek() { return file.peek(); }
    void advance() {
        if (text) text->push_back(static_cast<char>(file.peek()));
        file.advance();
    }
};

}  // namespace

/// A key's text as it stands between its quotes; true if it is UTF-8 with escapes that JSON has.
bool Splitter::read_key(std::string &text) {
    skip_space();
    if (peek() != '"') return fail_at_end("a key in double quotes");
    text.clear();
    FileSource source{*this, &text};
    StrictWalk<FileSource> walk(source);
    if (!walk.string()) return fail_at_end(walk.wanted);
    text.erase(0, 1);
    text.pop_back();
    return true;
}

bool Splitter::skip_value() {
    skip_space();
    FileSource source{*this};
    StrictWalk<FileSource> walk(source);
    return walk.value() || fail_at_end(walk.wanted);
}

/// At the top level of an instances file, in front of a key: opens a section of records, or passes another value.
bool Splitter::open_section() {
    std::string key;
    if (!read_key(key) || !expect(':', "a colon behind a key")) return false;
    const cs_section section = key == "images" ? CS_SECTION_IMAGES
        : key == "annotations"                 ? CS_SECTION_ANNOTATIONS
        : key == "categories"                  ? CS_SECTION_CATEGORIES
                                               : CS_SECTION_FILE;
    if (section == CS_SECTION_FILE) {
        state_ = State::after_value;
        return skip_value();
    }
    skip_space();
    section_ = section;
    record_ = -1;
    if (seen_[section]) return fail(CS_REPEATED_SECTION, "");
    if (peek() < 0) return fail(CS_TRUNCATED, "an array of objects");
    if (peek() != '[') return fail(CS_WRONG_TYPE, "an array of objects");
    ++at_;
    record_ = 0;
    seen_[section] = true;
    state_ = State::records;
    return true;
}

/// Past the object whose opening brace is next.
bool Splitter::pass_record() {
    const int64_t start = position();
    ObjectEnd object;
    while (true) {
        if (at_ == end_ && !refill()) {
            fail(CS_TRUNCATED, "the end of a record");
            fault_.byte = start;
            return false;
        }
        if (const char *found = object.find(at_, end_)) {
            at_ += found - at_;
            return true;
        }
        at_ = end_;
    }
}

/// Ends the text of a chunk here.
void Splitter::close_text(std::string &text) {
    text.append(pending_, at_);
    text.push_back(']');
    text_ = nullptr;
}

/// Inside a section, at its start or behind a comma: records until the chunk is full or the section ends. The chunk gets them
/// with all that is between them, so that a place in it is a place in the file.
bool Splitter::read_records(Chunk &chunk, bool &filled) {
    chunk.text.assign(1, '[');
    chunk.section = section_;
    chunk.first_record = record_;
    filled = false;
    while (true) {
        skip_space();
        if (peek() == ']' && record_ == 0) {
            ++at_;
            state_ = State::after_value;
            return true;
        }
        if (peek() != '{') {
            if (peek() < 0 || peek() == ']' || peek() == ',' || peek() == '}') return fail_at_end("a record in braces");
            return fail(CS_NOT_AN_OBJECT, "");
        }
        if (!filled) {
            chunk.byte = position();
            text_ = &chunk.text;
            pending_ = at_;
        }
        if (!pass_record()) return false;
        filled = true;
        ++record_;
        const bool is_full = position() - chunk.byte >= chunk_size;
        if (is_full) close_text(chunk.text);
        skip_space();
        const int c = peek();
        if (c != ']' && c != ',') return fail_at_end("a comma or a closing bracket behind a record");
        if (c == ']') {
            if (!is_full) close_text(chunk.text);
            state_ = State::after_value;
        }
        ++at_;
        if (is_full || c == ']') return true;
    }
}

bool Splitter::next(Chunk &chunk) {
    if (fault_.code != CS_OK) return false;
    while (true) {
        switch (state_) {
            case State::start: {
                skip_space();
                if (peek() == 0xEF && end_ - at_ >= 3 && at_[1] == '\xBB' && at_[2] == '\xBF') at_ += 3;
                if (const char *encoding = other_encoding()) return fail(CS_WRONG_ENCODING, encoding);
                skip_space();
                const int c = peek();
                if (c < 0) return fail(CS_TRUNCATED, kind_ == CS_RESULTS ? "an array" : "an object");
                const bool right = c == (kind_ == CS_RESULTS ? '[' : '{');
                if (!right && (c == '[' || c == '{')) {
                    return fail(CS_WRONG_TOP_LEVEL, c == '[' ? "an array" : "an object");
                }
                if (!right) return fail(CS_NOT_JSON, kind_ == CS_RESULTS ? "an array" : "an object");
                ++at_;
                if (kind_ == CS_RESULTS) {
                    section_ = CS_SECTION_RESULTS;
                    seen_[section_] = true;
                    state_ = State::records;
                } else {
                    skip_space();
                    if (peek() == '}') {
                        ++at_;
                        state_ = State::done;
                    } else {
                        state_ = State::key;
                    }
                }
                break;
            }
            case State::key:
                if (!open_section()) return false;
                break;
            case State::records: {
                bool filled = false;
                if (!read_records(chunk, filled)) return false;
                if (filled) {
                    chunk.sequence = chunks_++;
                    return true;
                }
                break;
            }
            case State::after_value:
                section_ = CS_SECTION_FILE;
                if (kind_ == CS_RESULTS) {
                    state_ = State::done;
                    break;
                }
                skip_space();
                if (peek() == ',') {
                    ++at_;
                    state_ = State::key;
                } else if (peek() == '}') {
                    ++at_;
                    state_ = State::done;
                } else {
                    return fail_at_end("a comma or a closing brace");
                }
                break;
            case State::done:
                skip_space();
                if (peek() >= 0) return fail(CS_NOT_JSON, "nothing behind the end of the JSON value");
                return false;
        }
    }
}

}  // namespace csimdjson
