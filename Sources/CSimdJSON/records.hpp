// One chunk of records into columns, with simdjson's on-demand parser.
#pragma once

#include <memory>
#include <vector>

#include "columns.hpp"
#include "splitter.hpp"

#pragma GCC visibility push(hidden)

namespace csimdjson {

struct Parsed {
    Columns columns;
    std::vector<Fault> faults;
    int64_t fault_count = 0;
    bool fatal = false;
};

/// A parser of chunks that keeps its buffers from one to the next.
class RecordParser {
public:
    RecordParser();
    ~RecordParser();
    void parse(Chunk &chunk, Parsed &parsed);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace csimdjson

#pragma GCC visibility pop
