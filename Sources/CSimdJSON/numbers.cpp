#include "numbers.hpp"

#include <locale.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>

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

}  // namespace

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
