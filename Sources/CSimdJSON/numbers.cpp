#include "numbers.hpp"

#include <locale.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace csimdjson {
namespace {

/// The parts of a number's text.
struct Digits {
    const char *start;
    const char *point = nullptr;     // the fraction's first digit
    const char *exponent = nullptr;  // the exponent's sign or first digit
    const char *end;
    bool negative = false;
    uint64_t mantissa = 0;  // all digits without the point, if there are at most 19
    int significant = 0;    // digits from the first that is not 0
    int scale = 0;          // digits behind the point
};

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline const char *take_digits(const char *at, Digits &digits) {
    for (; is_digit(*at); ++at) {
        if (digits.significant > 0 || *at != '0') ++digits.significant;
        if (digits.significant <= 19) digits.mantissa = digits.mantissa * 10 + static_cast<uint64_t>(*at - '0');
    }
    return at;
}

/// Follows JSON's grammar of a number. False where there is none.
inline bool scan(const char *at, Digits &digits) {
    digits.start = at;
    if (*at == '-') {
        digits.negative = true;
        ++at;
    }
    if (!is_digit(*at)) return false;
    at = *at == '0' ? at + 1 : take_digits(at, digits);
    if (*at == '.') {
        digits.point = ++at;
        at = take_digits(at, digits);
        if (at == digits.point) return false;
        digits.scale = static_cast<int>(at - digits.point);
    }
    if (*at == 'e' || *at == 'E') {
        digits.exponent = ++at;
        if (*at == '+' || *at == '-') ++at;
        const char *first = at;
        while (is_digit(*at)) ++at;
        if (at == first) return false;
    }
    digits.end = at;
    return ends_value(static_cast<unsigned char>(*at));
}

constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// strtod in the C locale: what from_chars gives up on is a number too large, or one so small that it may round to 0.
double real_at_the_limits(const Digits &digits) {
    static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
    const std::string text(digits.start, digits.end);
    return plain ? strtod_l(text.c_str(), nullptr, plain) : strtod(text.c_str(), nullptr);
}

cs_code real(const Digits &digits, double &value) {
    // A quotient of two doubles that are exact is correctly rounded: fifteen digits and 10^22 are exact.
    if (!digits.exponent && digits.significant <= 15 && digits.scale <= 22) {
        value = static_cast<double>(digits.mantissa) / powers[digits.scale];
        if (digits.negative) value = -value;
        return CS_OK;
    }
    if (std::from_chars(digits.start, digits.end, value).ec != std::errc()) value = real_at_the_limits(digits);
    return std::isfinite(value) ? CS_OK : CS_OUT_OF_RANGE;
}

#if defined(__SSE2__)

/// What 64 bytes are, a bit for each.
struct ListBytes {
    uint64_t digits = 0, zeros = 0, points = 0, commas = 0, spaces = 0, signs = 0;

    explicit ListBytes(const char *at) {
        for (int i = 0; i < 64; i += 16) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at + i));
            const auto mark = [i](__m128i hits) {
                return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(hits))) << i;
            };
            const auto equal = [&](char c) { return mark(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))); };
            digits |= mark(_mm_and_si128(
                _mm_cmpgt_epi8(bytes, _mm_set1_epi8('0' - 1)), _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1))));
            zeros |= equal('0');
            points |= equal('.');
            commas |= equal(',');
            spaces |= equal(' ');
            signs |= equal('-');
        }
    }

    uint64_t known() const { return digits | points | commas | spaces | signs; }
};

#endif

}  // namespace

#if defined(__SSE2__)

const char *pass_plain_numbers(const char *at) {
    const char *passed = at;
    // The kinds of the byte in front of the block, each 0 or 1. In front of a value is as behind a comma.
    uint64_t digit = 0, leading_zero = 0, point = 0, comma = 1, space = 0;
    uint64_t in_fraction = 0;  // whether that byte is a digit of a fraction
    for (;; at += 64) {
        const ListBytes bytes(at);
        const uint64_t behind_digit = bytes.digits << 1 | digit, behind_point = bytes.points << 1 | point;
        const uint64_t behind_comma = bytes.commas << 1 | comma, behind_space = bytes.spaces << 1 | space;
        const uint64_t leading_zeros = bytes.zeros & ~behind_digit & ~behind_point;
        // Adding a one to the first digit of a fraction carries to the byte behind its last, which must be no point.
        uint64_t behind_fractions;
        const bool ends_in_fraction =
            __builtin_add_overflow(bytes.digits, (behind_point & bytes.digits) | in_fraction, &behind_fractions);
        const uint64_t wrong = ~bytes.known()                                                  //
            | ((bytes.points | bytes.commas) & ~behind_digit)                                  // 1,,2 -.5
            | (bytes.points & behind_fractions)                                                // 1.2.3
            | (bytes.spaces & ~behind_comma) | (bytes.signs & ~(behind_comma | behind_space))  // 1 2 1-2
            | (bytes.digits & (leading_zeros << 1 | leading_zero));                            // 01
        const uint64_t sound = wrong ? (wrong & -wrong) - 1 : ~uint64_t{0};
        if (const uint64_t ends = bytes.commas & sound) passed = at + 64 - __builtin_clzll(ends);
        if (wrong) return passed;
        digit = bytes.digits >> 63;
        leading_zero = leading_zeros >> 63;
        point = bytes.points >> 63;
        comma = bytes.commas >> 63;
        space = bytes.spaces >> 63;
        in_fraction = ends_in_fraction;
    }
}

#else

const char *pass_plain_numbers(const char *at) {
    for (const char *next = at;; at = next) {
        next += *next == ' ';
        next += *next == '-';
        if (!is_digit(*next)) return at;
        if (*next++ != '0') {
            while (is_digit(*next)) ++next;
        }
        if (*next == '.') {
            if (!is_digit(*++next)) return at;
            while (is_digit(*next)) ++next;
        }
        if (*next++ != ',') return at;
    }
}

#endif

cs_code parse_real(const char *&at, double &value) {
    Digits digits;
    if (!scan(at, digits)) return CS_WRONG_TYPE;
    at = digits.end;
    return real(digits, value);
}

cs_code parse_integer(const char *at, int64_t &value) {
    Digits digits;
    if (!scan(at, digits)) return CS_WRONG_TYPE;
    if (!digits.point && !digits.exponent) {
        const bool fits = std::from_chars(digits.start, digits.end, value).ec == std::errc();
        return fits ? CS_OK : CS_OUT_OF_RANGE;
    }
    double number = 0;
    if (real(digits, number) != CS_OK) return CS_OUT_OF_RANGE;
    if (number != std::trunc(number)) return CS_WRONG_TYPE;
    // From 2^53 on doubles lack integers, so that the one that was meant is not known.
    if (std::abs(number) >= 9007199254740992.0) return CS_OUT_OF_RANGE;
    value = static_cast<int64_t>(number);
    return CS_OK;
}

}  // namespace csimdjson
