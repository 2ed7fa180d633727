/* Numbers to texts and back (abstract machine, §7 and §8). Reading is exact: floats are correctly rounded. */
#include "runtime.h"

enum { DIGITS = 800, LIMBS = 100 };

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

/* A natural number of any size that occurs here; limbs of 32 bits, the lowest first. */
typedef struct {
    u32 limb[LIMBS];
    i32 used;
} big;

static void big_multiply_add(big *b, u32 factor, u32 carry) {
    u64 sum = carry;
    for (i32 i = 0; i < b->used; i++) {
        sum += (u64)b->limb[i] * factor;
        b->limb[i] = (u32)sum;
        sum >>= 32;
    }
    if (sum) b->limb[b->used++] = (u32)sum;
}

static void big_power_of_5(big *b, i32 exponent) {
    for (; exponent >= 13; exponent -= 13) big_multiply_add(b, 1220703125, 0);
    for (; exponent > 0; exponent--) big_multiply_add(b, 5, 0);
}

static i32 big_bits(const big *b) { return b->used ? 32 * b->used - __builtin_clz(b->limb[b->used - 1]) : 0; }

static void big_shift_left(big *b, i32 bits) {
    i32 limbs = bits / 32, rest = bits % 32;
    for (i32 i = b->used - 1; i >= 0; i--) b->limb[i + limbs] = b->limb[i];
    for (i32 i = 0; i < limbs; i++) b->limb[i] = 0;
    b->used += limbs;
    if (rest) big_multiply_add(b, 1u << rest, 0);
}

static int big_order(const big *a, const big *b) {
    if (a->used != b->used) return a->used < b->used ? -1 : 1;
    for (i32 i = a->used - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static void big_subtract(big *a, const big *b) {
    i64 borrow = 0;
    for (i32 i = 0; i < a->used; i++) {
        i64 difference = (i64)a->limb[i] - (i < b->used ? b->limb[i] : 0) + borrow;
        a->limb[i] = (u32)difference;
        borrow = difference >> 32;
    }
    while (a->used && !a->limb[a->used - 1]) a->used--;
}

/* The highest 64 bits of b, and whether any lower bit is set. */
static u64 big_top(const big *b, int *sticky) {
    u64 top = 0;
    i32 bits = big_bits(b), first = bits - 64;
    for (i32 i = 0; i < b->used; i++) {
        i32 position = 32 * i - first;
        if (position >= 32 && position < 64) top |= (u64)b->limb[i] << position;
        else if (position >= 0 && position < 32) top |= (u64)b->limb[i] << position;
        else if (position > -32) {
            top |= (u64)b->limb[i] >> -position;
            *sticky |= (b->limb[i] & ((1u << -position) - 1)) != 0;
        } else *sticky |= b->limb[i] != 0;
    }
    return top;
}

/* digits * 10^exponent, correctly rounded, for the cases that need more than 128 bits. */
static double decimal_by_bigs(int negative, const u8 *digits, i32 count, i32 exponent) {
    static big numerator, denominator;
    numerator.used = denominator.used = 0;
    for (i32 i = 0; i < count; i++) {
        big_multiply_add(&numerator, 10, digits[i]);
    }
    int sticky = 0;
    if (exponent >= 0) {
        big_power_of_5(&numerator, exponent);
        i32 bits = big_bits(&numerator);
        u64 top = big_top(&numerator, &sticky);
        return rounded(negative, top, bits - 64 + exponent, sticky);
    }
    denominator.limb[0] = 1;
    denominator.used = 1;
    big_power_of_5(&denominator, -exponent);
    /* numerator * 2^shift / denominator has 64 or 65 bits: taken bit by bit, the denominator aligned below it. */
    i32 shift = big_bits(&denominator) - big_bits(&numerator);
    if (shift > 0) big_shift_left(&numerator, shift);
    else if (shift < 0) big_shift_left(&denominator, -shift);
    u64 quotient = 0;
    i32 binary = exponent - shift;
    for (;;) {
        int bit = big_order(&numerator, &denominator) >= 0;
        if (bit) big_subtract(&numerator, &denominator);
        quotient = quotient << 1 | (u64)bit;
        if (quotient >> 63) break;
        big_shift_left(&numerator, 1);
        binary--;
    }
    return rounded(negative, quotient, binary, numerator.used != 0);
}

static const u64 FIVES[] = {1ull,
                            5ull,
                            25ull,
                            125ull,
                            625ull,
                            3125ull,
                            15625ull,
                            78125ull,
                            390625ull,
                            1953125ull,
                            9765625ull,
                            48828125ull,
                            244140625ull,
                            1220703125ull,
                            6103515625ull,
                            30517578125ull,
                            152587890625ull,
                            762939453125ull,
                            3814697265625ull,
                            19073486328125ull,
                            95367431640625ull,
                            476837158203125ull,
                            2384185791015625ull,
                            11920928955078125ull,
                            59604644775390625ull,
                            298023223876953125ull,
                            1490116119384765625ull,
                            7450580596923828125ull};

/* digits * 10^exponent, correctly rounded; the first digit is not 0 (or there is none). */
static double decimal(int negative, const u8 *digits, i32 count, i32 exponent) {
    if (count == 0 || count + exponent < -400) return negative ? -0.0 : 0.0;
    if (count + exponent > 400) return negative ? -__builtin_inf() : __builtin_inf();
    if (count > 19 || exponent > 27 || exponent < -27) return decimal_by_bigs(negative, digits, count, exponent);
    u64 number = 0;
    for (i32 i = 0; i < count; i++) number = number * 10 + digits[i];
    if (exponent >= 0) {
        u128 product = (u128)number * FIVES[exponent];
        u64 high = (u64)(product >> 64), low = (u64)product;
        if (!high) return rounded(negative, low, exponent, 0);
        int lead = __builtin_clzll(high);
        u64 top = lead ? high << lead | low >> (64 - lead) : high;
        return rounded(negative, top, exponent + 64 - lead, (low << lead) != 0);
    }
    u64 divisor = FIVES[-exponent];
    if (number >> 53 == 0 && exponent >= -22) {
        /* Both are exact as floats, and so the quotient is correctly rounded; scaling by 2 is exact. */
        double result = (double)number / (double)divisor;
        result *= double_of((u64)(1023 + exponent) << 52);
        return negative ? -result : result;
    }
    int lead = __builtin_clzll(number);
    u64 rest = number << lead, quotient = rest / divisor;
    rest %= divisor;
    i32 binary = exponent - lead;
    while (!(quotient >> 63)) {
        rest <<= 1; /* divisor < 2^63 */
        int bit = rest >= divisor;
        if (bit) rest -= divisor;
        quotient = quotient << 1 | (u64)bit;
        binary--;
    }
    return rounded(negative, quotient, binary, rest != 0);
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

static u8 *put_number(u8 *to, u64 value, int width) {
    u8 digits[20];
    int count = 0;
    do {
        digits[count++] = (u8)('0' + value % 10);
        value /= 10;
    } while (value || count < width);
    while (count) *to++ = digits[--count];
    return to;
}

/* Copies a text that was written in scratch memory to where it belongs. */
static text placed(const u8 *start, const u8 *end, u32 where, u32 room) {
    u32 size = (u32)(end - start);
    if (size > room) return NO_ROOM;
    copy_bytes((u8 *)where, start, size);
    return text_of((u8 *)where, size);
}

EXPORT(int_text) text int_text(i64 value, u32 where, u32 room) {
    u8 written[24], *to = written;
    if (value < 0) *to++ = '-';
    to = put_number(to, value < 0 ? 0 - (u64)value : (u64)value, 1);
    return placed(written, to, where, room);
}

EXPORT(bool_text) text bool_text(i32 value, u32 where, u32 room) {
    const char *word = value ? "True" : "False";
    return placed((const u8 *)word, (const u8 *)word + (value ? 4 : 5), where, room);
}

/* The day of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms"). */
typedef struct {
    i64 year, month, day;
} civil;

static civil civil_of(i64 days) {
    days += 719468;
    i64 era = (days >= 0 ? days : days - 146096) / 146097;
    i64 of_era = days - era * 146097;
    i64 year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    i64 of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    i64 shifted = (5 * of_year + 2) / 153;
    i64 month = shifted + (shifted < 10 ? 3 : -9);
    civil date = {year_of_era + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1};
    return date;
}

EXPORT(date_year) i64 date_year(i64 days) { return civil_of(days).year; }
EXPORT(date_month) i64 date_month(i64 days) { return civil_of(days).month; }
EXPORT(date_day) i64 date_day(i64 days) { return civil_of(days).day; }

static u8 *put_date(u8 *to, i64 days) {
    civil date = civil_of(days);
    to = put_number(to, (u64)date.year, 4);
    *to++ = '-';
    to = put_number(to, (u64)date.month, 2);
    *to++ = '-';
    return put_number(to, (u64)date.day, 2);
}

EXPORT(date_text) text date_text(i64 days, u32 where, u32 room) {
    u8 written[32];
    return placed(written, put_date(written, days), where, room);
}

EXPORT(datetime_text) text datetime_text(i64 value, u32 where, u32 room) {
    const i64 day = 86400000000;
    u8 written[48], *to;
    i64 days = value / day - (value % day < 0);
    u64 time = (u64)(value - days * day);
    to = put_date(written, days);
    *to++ = 'T';
    to = put_number(to, time / 3600000000u, 2);
    *to++ = ':';
    to = put_number(to, time / 60000000u % 60, 2);
    *to++ = ':';
    to = put_number(to, time / 1000000u % 60, 2);
    if (time % 1000000u) {
        *to++ = '.';
        to = put_number(to, time % 1000000u, 6);
    }
    return placed(written, to, where, room);
}
