// Annotations and detections as programs write them, read in one pass over the text. What is out of the ordinary (escapes, null,
// mistakes) is left to simdjson, so that this reader has no error to tell.
#pragma once

#include "records.hpp"

#pragma GCC visibility push(hidden)

namespace csimdjson {

/// Reads a chunk of annotations or results, if that is what it is and all of it is sound and plain. False if not: the columns
/// are then as far as it came. Behind the text there are `list_padding` bytes that may be read, and a zero first.
bool parse_plain(const Chunk &chunk, Columns &columns);

}  // namespace csimdjson

#pragma GCC visibility pop
