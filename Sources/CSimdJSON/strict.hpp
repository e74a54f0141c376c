// A walk over a JSON value that nobody reads, so that a mistake in it is found all the same: simdjson's on-demand parser
// passes over such a value by its brackets alone.
#pragma once

#include <string>

#include "numbers.hpp"

#pragma GCC visibility push(hidden)

namespace csimdjson {

/// Bytes in memory, with a byte behind them that is no part of any value and `list_padding` more that may be read.
struct TextSource {
    static constexpr bool is_utf8 = true;  // simdjson has seen to it
    static constexpr bool is_in_memory = true;

    const char *at;

    int peek() { return static_cast<unsigned char>(*at); }
    void advance() { ++at; }

    /// In an array, in front of a value: past plain numbers that a comma follows. Outlines are long lists of them.
    void pass_numbers() { at = pass_plain_numbers(at); }
};

/// Bytes in memory that may be no UTF-8.
struct UncheckedSource : TextSource {
    static constexpr bool is_utf8 = false;
};

/// Walks values of a source, which has `peek`, the next byte or −1 at the end, and `advance`. NaN, Infinity and −Infinity are
/// let through, which Python's json writes and reads.
template <typename Source>
class StrictWalk {
public:
    explicit StrictWalk(Source &source) : source_(source) {}

    /// What was expected where a walk stopped.
    const char *wanted = "";

    /// Past the value at the source, of any depth. False where it breaks JSON's rules; the source then stands there.
    bool value() {
        open_.clear();
        while (true) {
            space();
            if constexpr (Source::is_in_memory) {
                if (!open_.empty() && open_.back() == '[') {
                    source_.pass_numbers();
                    space();
                }
            }
            const int c = source_.peek();
            if (c == '{' || c == '[') {
                source_.advance();
                space();
                if (source_.peek() == (c == '{' ? '}' : ']')) {
                    source_.advance();
                } else {
                    open_.push_back(static_cast<char>(c));
                    if (c == '{' && !key()) return false;
                    continue;
                }
            } else if (c == '"') {
                if (!string()) return false;
            } else if (!scalar(c)) {
                return false;
            }
            if (!close()) return false;
            if (open_.empty()) return true;
        }
    }

    /// Past a string whose opening quote is next.
    bool string() {
        source_.advance();
        while (true) {
            const int c = source_.peek();
            if (c == '"') break;
            if (c < 0x20) return fail(c < 0 ? "the end of a string" : "an escape in place of a control character");
            source_.advance();
            if (c == '\\') {
                if (!escape()) return false;
            } else if (!Source::is_utf8 && c >= 0x80) {
                if (!rest_of_character(c)) return false;
            }
        }
        source_.advance();
        return true;
    }

private:
    bool fail(const char *expectation) {
        wanted = expectation;
        return false;
    }

    void space() {
        for (int c = source_.peek(); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = source_.peek())
            source_.advance();
    }

    /// Behind a value: past closing brackets, and past a comma with the key behind it.
    bool close() {
        while (!open_.empty()) {
            space();
            const int c = source_.peek();
            const bool in_object = open_.back() == '{';
            if (c == ',') {
                source_.advance();
                return !in_object || key();
            }
            if (c != (in_object ? '}' : ']')) {
                return fail(in_object ? "a comma or a closing brace" : "a comma or a closing bracket");
            }
            source_.advance();
            open_.pop_back();
        }
        return true;
    }

    bool key() {
        space();
        if (source_.peek() != '"') return fail("a key in double quotes");
        if (!string()) return false;
        space();
        if (source_.peek() != ':') return fail("a colon behind a key");
        source_.advance();
        return true;
    }

    bool escape() {
        const int c = source_.peek();
        if (c == 'u') {
            source_.advance();
            for (int i = 0; i < 4; ++i) {
                const int digit = source_.peek();
                const bool is_hex =
                    (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') || (digit >= 'A' && digit <= 'F');
                if (!is_hex) return fail("a hexadecimal digit");
                source_.advance();
            }
            return true;
        }
        const bool is_known =
            c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't';
        if (!is_known) return fail("an escape that JSON has");
        source_.advance();
        return true;
    }

    /// The bytes of UTF-8 behind the first one of several.
    bool rest_of_character(int first) {
        const int count = first >= 0xF0 && first <= 0xF4 ? 3
            : first >= 0xE0 && first < 0xF0              ? 2
                                                         : first >= 0xC2 && first < 0xE0;
        if (count == 0) return fail("text in UTF-8");
        for (int i = 0; i < count; ++i) {
            const int c = source_.peek();
            // Neither longer than it need be, nor a surrogate, nor beyond U+10FFFF.
            const int lowest = i > 0 ? 0x80 : first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
            const int highest = i > 0 ? 0xBF : first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
            if (c < lowest || c > highest) return fail("text in UTF-8");
            source_.advance();
        }
        return true;
    }

    bool scalar(int c) {
        const bool is_number = c == '-' || (c >= '0' && c <= '9');
        if (!(is_number ? number(c) : word(c))) return fail("a value");
        const int behind = source_.peek();
        return behind < 0 || ends_value(behind) || fail("a value");
    }

    bool digits() {
        int c = source_.peek();
        if (c < '0' || c > '9') return false;
        do {
            source_.advance();
            c = source_.peek();
        } while (c >= '0' && c <= '9');
        return true;
    }

    bool number(int c) {
        if (c == '-') {
            source_.advance();
            if (source_.peek() == 'I') return letters("Infinity");
        }
        if (source_.peek() == '0') {
            source_.advance();
        } else if (!digits()) {
            return false;
        }
        if (source_.peek() == '.') {
            source_.advance();
            if (!digits()) return false;
        }
        if (source_.peek() == 'e' || source_.peek() == 'E') {
            source_.advance();
            if (source_.peek() == '+' || source_.peek() == '-') source_.advance();
            if (!digits()) return false;
        }
        return true;
    }

    bool word(int c) {
        switch (c) {
            case 't': return letters("true");
            case 'f': return letters("false");
            case 'n': return letters("null");
            case 'N': return letters("NaN");
            case 'I': return letters("Infinity");
            default: return false;
        }
    }

    bool letters(const char *text) {
        for (; *text; ++text) {
            if (source_.peek() != *text) return false;
            source_.advance();
        }
        return true;
    }

    Source &source_;
    std::string open_;  // the brackets around the place, outermost first
};

}  // namespace csimdjson

#pragma GCC visibility pop
