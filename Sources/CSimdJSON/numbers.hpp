// JSON's numbers as integers and doubles. simdjson 3.0.1, which Debian 12 has, reads decimals below 1 with twenty digits and
// more wrong (its issue 2093), so the digits that it finds are read here.
#pragma once

#include <cstdint>
#include <cstring>

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

/// An integer of at most 18 digits, without point and exponent. False, with `at` where it was, for any other.
inline bool parse_plain_integer(const char *&at, int64_t &value) {
    const bool is_negative = *at == '-';
    const char *first = at + is_negative, *next = first;
    int64_t number = 0;
    for (unsigned digit; (digit = static_cast<unsigned char>(*next) - unsigned{'0'}) <= 9; ++next) {
        if (next - first == 18) return false;
        number = number * 10 + digit;
    }
    if (next == first || (*first == '0' && next - first > 1) || !ends_value(static_cast<unsigned char>(*next)))
        return false;
    value = is_negative ? -number : number;
    at = next;
    return true;
}

/// A decimal without exponent that ends within eight bytes, correctly rounded: as an integer, all its digits are exact, and so is
/// the power of ten that divides it. False, with `at` where it was, for any other. Behind it eight bytes may be read.
inline bool parse_short_real(const char *&at, double &value) {
    constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    constexpr uint64_t each = 0x0101010101010101;
    const bool is_negative = *at == '-';
    const char *first = at + is_negative;
    uint64_t digits;
    memcpy(&digits, first, sizeof digits);
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) digits = __builtin_bswap64(digits);
    digits ^= each * '0';
    // The highest bit of each byte that is no digit.
    const uint64_t others = (((digits & each * 0x7F) + each * (0x80 - 10)) | digits) & each * 0x80;
    if (others == 0) return false;
    const int whole = __builtin_ctzll(others) / 8;
    int end = whole;
    if (first[whole] == '.') {
        const uint64_t behind = others & (others - 1);
        if (behind == 0) return false;
        end = __builtin_ctzll(behind) / 8;
        if (end == whole + 1) return false;
        const uint64_t front = (uint64_t{1} << 8 * whole) - 1;
        digits = (digits & front) | (digits >> 8 & ~front);
    }
    const bool has_point = end > whole;
    if (whole == 0 || (whole > 1 && *first == '0') || !ends_value(static_cast<unsigned char>(first[end]))) return false;
    // Eight digits, zeros in front: first pairs of them, then fours, then all.
    digits <<= 64 - 8 * (end - has_point);
    digits = (digits * 10 + (digits >> 8)) & 0x00FF00FF00FF00FF;
    digits = (digits * 100 + (digits >> 16)) & 0x0000FFFF0000FFFF;
    digits = (digits * 10000 + (digits >> 32)) & 0xFFFFFFFF;
    value = static_cast<double>(digits) / powers[end - whole - has_point];
    if (is_negative) value = -value;
    at = first + end;
    return true;
}

/// How far behind a text `pass_plain_numbers` may read, without heed of what is there.
constexpr int list_padding = 64;

/// In front of a value in an array: behind the last comma of the plain numbers there, which are sound JSON without exponents,
/// a comma or a comma and one space apart. `at` itself where there is none, and no further than the first byte that is no
/// part of such a list: what stands there is for others to judge.
const char *pass_plain_numbers(const char *at);

}  // namespace csimdjson

#pragma GCC visibility pop
