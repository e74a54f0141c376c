// Cuts a COCO file into chunks of whole records, so that simdjson parses a megabyte at a time, on several threads,
// and a file of any size needs little memory. It follows strings and braces only; what is inside a record is simdjson's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "columns.hpp"

#pragma GCC visibility push(hidden)

namespace csimdjson {

/// Records of one section as a JSON array of its own, with simdjson's padding behind.
struct Chunk {
    std::string text;
    cs_section section = CS_SECTION_FILE;
    int64_t first_record = 0;
    int64_t byte = 0;  // where text[1] stands in the file
    int64_t sequence = 0;
    bool is_outlined = false;  // whether the texts of outlines are kept
};

class Splitter {
public:
    Splitter(const char *path, cs_kind kind);
    ~Splitter();
    Splitter(const Splitter &) = delete;
    Splitter &operator=(const Splitter &) = delete;

    /// The next chunk; false at the end, or when `fault` is set.
    bool next(Chunk &chunk);

    /// The next byte, or -1 at the end of the file.
    int peek();
    /// Past the byte that `peek` gave.
    void advance() { ++at_; }

    int64_t file_size() const { return size_; }
    const Fault &fault() const { return fault_; }
    bool has(cs_section section) const { return seen_[section]; }

private:
    enum class State { start, key, records, after_value, done };

    bool refill();
    void skip_space();
    bool fail(cs_code code, const char *detail);
    bool fail_at_end(const char *wanted);
    bool expect(char wanted, const char *detail);
    bool read_key(std::string &text);
    bool skip_value();
    const char *other_encoding();
    bool open_section();
    bool read_records(Chunk &chunk, bool &filled);
    bool pass_record();
    void close_text(std::string &text);
    int64_t position() const { return block_offset_ + (at_ - block_.get()); }

    int descriptor_ = -1;
    cs_kind kind_;
    std::unique_ptr<char[]> block_;
    char *at_ = nullptr;
    char *end_ = nullptr;
    int64_t block_offset_ = 0;
    int64_t size_ = 0;
    State state_ = State::start;
    cs_section section_ = CS_SECTION_FILE;
    int64_t record_ = 0;
    /// The chunk that is being filled, if any, and from where on in the block its bytes are not yet in it.
    std::string *text_ = nullptr;
    char *pending_ = nullptr;
    int64_t chunks_ = 0;
    std::array<bool, CS_SECTION_RESULTS + 1> seen_{};
    Fault fault_;
};

}  // namespace csimdjson

#pragma GCC visibility pop
