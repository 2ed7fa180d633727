/* Numbers in texts (abstract machine, §7). */
#include "decimals.h"

/* White space around numbers: as in CPython, the four separators 1c to 1f don't count. */
static int is_number_space(u32 code) { return is_space(code) && !(code >= 0x1c && code <= 0x1f); }

static text bare(text t) {
    const u8 *start = text_start(t), *end = start + text_size(t);
    while (start < end) {
        const u8 *next = start;
        if (!is_number_space(next_code(&next))) break;
        start = next;
    }
    while (start < end) {
        const u8 *previous = end;
        if (!is_number_space(previous_code(&previous))) break;
        end = previous;
    }
    return text_of(start, (u32)(end - start));
}

static int is_digit(u8 c) { return c >= '0' && c <= '9'; }

/* Moves `*at` over digits with single underscores between them; returns whether there was at least one digit. */
static int skip_digits(const u8 **at, const u8 *end) {
    const u8 *p = *at;
    if (p == end || !is_digit(*p)) return 0;
    while (p < end && (is_digit(*p) || (*p == '_' && p + 1 < end && is_digit(p[1])))) p++;
    *at = p;
    return 1;
}

/* Writes the number to `*result`; 1: it is no number, 2: it is out of range. */
EXPORT(parse_int) int parse_int(text t, i64 *result) {
    t = bare(t);
    const u8 *p = text_start(t), *end = p + text_size(t);
    int negative = 0;
    if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
    const u8 *digits = p;
    if (!skip_digits(&p, end) || p != end) return 1;
    u64 value = 0, limit = (1ull << 63) - !negative;
    for (p = digits; p < end; p++) {
        if (*p == '_') continue;
        u64 digit = (u64)(*p - '0');
        if (value > (limit - digit) / 10) return 2;
        value = value * 10 + digit;
    }
    *result = (i64)(negative ? 0 - value : value);
    return 0;
}

static int is_word(const u8 *p, const u8 *end, const char *word) {
    for (; *word; p++, word++)
        if (p == end || (*p | 0x20) != (u8)*word) return 0;
    return p == end;
}

/* Writes the number to `*result`; 1: it is no number. */
EXPORT(parse_float) int parse_float(text t, double *result) {
    static u8 digits[DIGITS + 1];
    t = bare(t);
    const u8 *p = text_start(t), *end = p + text_size(t);
    int negative = 0;
    if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
    if (is_word(p, end, "inf") || is_word(p, end, "infinity")) {
        *result = negative ? -__builtin_inf() : __builtin_inf();
        return 0;
    }
    if (is_word(p, end, "nan")) {
        *result = __builtin_nan("");
        return 0;
    }
    const u8 *whole = p;
    int any = skip_digits(&p, end);
    const u8 *whole_end = p, *fraction = p, *fraction_end = p;
    if (p < end && *p == '.') {
        fraction = ++p;
        any |= skip_digits(&p, end);
        fraction_end = p;
    }
    if (!any) return 1;
    i64 exponent = 0;
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        int down = 0;
        if (p < end && (*p == '+' || *p == '-')) down = *p++ == '-';
        const u8 *power = p;
        if (!skip_digits(&p, end)) return 1;
        for (; power < p; power++)
            if (*power != '_' && exponent < 1000000000000) exponent = exponent * 10 + (*power - '0');
        if (down) exponent = -exponent;
    }
    if (p != end) return 1;
    /* The significant digits; behind DIGITS of them it only matters whether there is one that is not 0. */
    i32 count = 0;
    int more = 0;
    for (p = whole; p < fraction_end; p++) {
        if (p == whole_end && fraction > whole_end) p = fraction;
        if (p == fraction_end) break;
        if (*p == '_') continue;
        if (p >= fraction && fraction > whole_end) exponent--;
        u8 digit = (u8)(*p - '0');
        if (count == 0 && digit == 0) continue;
        if (count < DIGITS) digits[count++] = digit;
        else {
            more |= digit != 0;
            exponent++;
        }
    }
    if (more) {
        digits[count++] = 1;
        exponent--;
    } else {
        while (count > 0 && digits[count - 1] == 0) {
            count--;
            exponent++;
        }
    }
    if (exponent > 1000000) exponent = 1000000;
    if (exponent < -1000000) exponent = -1000000;
    *result = decimal(negative, digits, count, (i32)exponent);
    return 0;
}
