// JSON's numbers as integers and doubles. simdjson 3.0.1, which Debian 12 has, reads decimals below 1 with twenty digits and
// more wrong (its issue 2093), so the digits that it finds are read here.
#pragma once

#include <cstdint>

#include "CSimdJSON.h"

#pragma GCC visibility push(hidden)

namespace csimdjson {

/// Whether a number, a word or a string may end in front of this byte.
inline bool ends_value(int c) {
    return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// The number at `at`, up to a byte that `ends_value`, correctly rounded. CS_WRONG_TYPE: there is no number;
/// CS_OUT_OF_RANGE: it is larger than any double. Moves `at` behind the number if there is one.
cs_code parse_real(const char *&at, double &value);

/// The integer at `at`, also one below 2^53 that is written as 486.0 or 1e3. CS_WRONG_TYPE: there is no number, or it has a
/// fraction; CS_OUT_OF_RANGE: it does not fit in 64 bits.
cs_code parse_integer(const char *at, int64_t &value);

/// How far behind a text `pass_plain_numbers` may read, without heed of what is there.
constexpr int list_padding = 64;

/// In front of a value in an array: behind the last comma of the plain numbers there, which are sound JSON without exponents,
/// a comma or a comma and one space apart. `at` itself where there is none, and no further than the first byte that is no
/// part of such a list: what stands there is for others to judge.
const char *pass_plain_numbers(const char *at);

}  // namespace csimdjson

#pragma GCC visibility pop
