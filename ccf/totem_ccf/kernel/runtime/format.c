/* Numbers and texts by a format (abstract machine, §8): what Python's format() writes.
 *
 * A format is one number: the width in bits 0 to 14, bit 15 for a prefix (#), precision + 1 (0: none) in bits 16 to 31,
 * then a byte each for the type, the alignment, the sign and the character between groups of digits (0: none). */
#include "shortest.h"

enum { MOST_DIGITS = 1400, LIMBS = 140, BASE = 1000000000 };

typedef struct {
    u32 width;
    i32 precision;
    u8 prefix, type, align, sign, group;
} format;

static format format_of(u64 spec) {
    format f = {spec & 0x7fff, (i32)(spec >> 16 & 0xffff) - 1, spec >> 15 & 1, (u8)(spec >> 32),
                (u8)(spec >> 40),  (u8)(spec >> 48),           (u8)(spec >> 56)};
    return f;
}

/* Digits without zeros in front; the point stands behind the first `point` of them. */
typedef struct {
    u8 digit[MOST_DIGITS + 8];
    i32 count, point;
} decimal_text;

static decimal_text number;
static u8 body[MOST_DIGITS + 8];

/* The exact digits of mantissa * 2^exponent in limbs of nine (as musl's printf), as far as they decide about `wanted`
 * digits (behind the point, if `fixed`); returns whether there are more that are not 0. */
static int exact_digits(u64 mantissa, i32 exponent, i32 wanted, int fixed) {
    static u32 limb[LIMBS];
    i32 first = exponent < 0 ? 0 : LIMBS - 3, unit, last, need = wanted / 9 + 4;
    int more = 0;
    unit = first + 2;
    last = unit + 1;
    for (i32 i = 2; i >= 0; i--) {
        limb[first + i] = (u32)(mantissa % BASE);
        mantissa /= BASE;
    }
    while (first < last - 1 && !limb[first]) first++;
    for (i32 shift; exponent > 0; exponent -= shift) {
        u32 carry = 0;
        shift = exponent < 29 ? exponent : 29;
        for (i32 i = last - 1; i >= first; i--) {
            u64 x = ((u64)limb[i] << shift) + carry;
            limb[i] = (u32)(x % BASE);
            carry = (u32)(x / BASE);
        }
        if (carry) limb[--first] = carry;
    }
    for (i32 shift; exponent < 0 && first < last; exponent += shift) {
        u32 carry = 0;
        shift = -exponent < 9 ? -exponent : 9;
        for (i32 i = first; i < last; i++) {
            u32 rest = limb[i] & ((1u << shift) - 1);
            limb[i] = (limb[i] >> shift) + carry;
            carry = ((u32)BASE >> shift) * rest;
        }
        if (carry) limb[last++] = carry;
        while (first < last && !limb[first]) first++;
        i32 enough = (fixed ? unit : first) + need;
        for (; last > enough && last > first; last--) more |= limb[last - 1] != 0;
    }
    number.count = 0;
    number.point = 9 * (unit + 1 - first);
    for (i32 i = first; i < last; i++) {
        u32 scale = BASE / 10, x = limb[i];
        for (int j = 0; j < 9; j++, scale /= 10) {
            u8 digit = (u8)(x / scale % 10);
            if (number.count || digit) number.digit[number.count++] = digit;
            else number.point--;
        }
    }
    return more;
}

/* Rounds to so many digits, halves to even; there may be more digits behind. */
static void round_digits(i32 digits, int more) {
    if (digits >= number.count) {
        for (; number.count < digits; number.count++) number.digit[number.count] = 0;
        return;
    }
    int up = 0;
    if (digits >= 0) {
        u8 next = number.digit[digits];
        for (i32 i = digits + 1; i < number.count && !more; i++) more = number.digit[i] != 0;
        up = next > 5 || (next == 5 && (more || (digits > 0 && (number.digit[digits - 1] & 1))));
    }
    number.count = digits > 0 ? digits : 0;
    i32 i = number.count - 1;
    for (; up && i >= 0; i--) {
        up = number.digit[i] == 9;
        number.digit[i] = up ? 0 : number.digit[i] + 1;
    }
    if (!up) return;
    /* All nines, or nothing but what was rounded up. */
    for (i = number.count; i > 0; i--) number.digit[i] = number.digit[i - 1];
    number.digit[0] = 1;
    number.count++;
    number.point++;
}

/* Takes so many zeros from the end, if they are there; constants are divided by without a division. */
static inline __attribute__((always_inline)) void without_zeros(shortest *s, u64 power, i32 zeros) {
    u64 rest = s->digits / power;
    if (rest * power != s->digits) return;
    s->digits = rest;
    s->exponent += zeros;
}

static void shortest_digits(u64 mantissa, i32 biased) {
    shortest found = shortest_of(mantissa, biased);
    without_zeros(&found, 10000000000000000, 16);
    without_zeros(&found, 100000000, 8);
    without_zeros(&found, 10000, 4);
    without_zeros(&found, 100, 2);
    without_zeros(&found, 10, 1);
    /* From the right, nine digits at a time: 32 bits are divided faster than 64. */
    u8 written[20], *first = written + sizeof written;
    u64 rest = found.digits;
    for (; rest >= BASE; rest /= BASE) {
        u32 part = (u32)(rest % BASE);
        for (i32 i = 0; i < 9; i++, part /= 10) *--first = (u8)(part % 10);
    }
    for (u32 part = (u32)rest; part; part /= 10) *--first = (u8)(part % 10);
    number.count = (i32)(written + sizeof written - first);
    number.point = number.count + found.exponent;
    copy_bytes(number.digit, first, (u32)number.count);
}

static u8 *put_exponent(u8 *to, i32 exponent, int upper) {
    *to++ = upper ? 'E' : 'e';
    *to++ = exponent < 0 ? '-' : '+';
    u32 size = exponent < 0 ? (u32)-exponent : (u32)exponent;
    if (size >= 100) *to++ = (u8)('0' + size / 100);
    *to++ = (u8)('0' + size / 10 % 10);
    *to++ = (u8)('0' + size % 10);
    return to;
}

/* Digits from one place to before another; in front of the first and behind the last one stand zeros. */
static u8 *put_digits(u8 *to, i32 first, i32 end) {
    i32 i = first;
    for (; i < end && i < 0; i++) *to++ = '0';
    i32 last = end < number.count ? end : number.count;
    /* Eight at a time; what is written too far is written again. */
    for (; i < last; i += 8) {
        u64 eight;
        __builtin_memcpy(&eight, number.digit + i, 8);
        eight += 0x3030303030303030;
        __builtin_memcpy(to, &eight, 8);
        to += last - i < 8 ? last - i : 8;
    }
    for (i = first > last ? first : last; i < end; i++) *to++ = '0';
    return to;
}

static u8 digit_at(i32 i) { return (u8)('0' + (i >= 0 && i < number.count ? number.digit[i] : 0)); }

/* The digits as they are, a point, and so many digits behind it; digits in groups of three if there is a character. */
static u8 *put_fixed(u8 *to, i32 behind, u8 group) {
    i32 before = number.point > 0 ? number.point : 1, gap = number.point > 0 ? 0 : number.point - 1;
    if (!group) to = put_digits(to, gap, gap + before);
    else
        for (i32 i = 0; i < before; i++) {
            if (i && (before - i) % 3 == 0) *to++ = group;
            *to++ = digit_at(i + gap);
        }
    if (behind) *to++ = '.';
    return put_digits(to, number.point, number.point + behind);
}

static u8 *put_scientific(u8 *to, i32 behind, i32 exponent, int upper) {
    *to++ = digit_at(0);
    if (behind) *to++ = '.';
    to = put_digits(to, 1, 1 + behind);
    return put_exponent(to, exponent, upper);
}

static u8 *put_word(u8 *to, const char *word, int upper) {
    for (; *word; word++) *to++ = (u8)(upper ? *word - 32 : *word);
    return to;
}

/* Writes |value| as a format wants it. */
static u8 *put_float(u8 *to, double value, const format *f) {
    u64 bits = double_bits(value), mantissa = bits & 0xfffffffffffffull;
    i32 biased = (i32)(bits >> 52 & 0x7ff), precision = f->precision;
    int upper = f->type == 'E' || f->type == 'F' || f->type == 'G', zero = !biased && !mantissa;
    u8 type = upper ? f->type + 32 : f->type;
    if (biased == 0x7ff) {
        to = put_word(to, mantissa ? "nan" : "inf", upper);
        if (type == '%') *to++ = '%';
        return to;
    }
    /* Without a type: the shortest text, or as g; in both with a digit behind the point. */
    int plain = type == 0;
    if (!plain && precision < 0) precision = 6;
    if (plain && precision < 0) {
        if (zero) {
            number.count = 0;
            number.point = 1;
        } else {
            shortest_digits(mantissa, biased);
        }
        precision = 17;
    } else {
        if (plain) type = 'g';
        if (type == 'g' && precision == 0) precision = 1;
        int fixed = type == 'f' || type == '%';
        i32 digits = type == 'g' ? precision : precision + 1;
        if (zero) {
            number.count = 0;
            number.point = 1;
        } else {
            int more = exact_digits(biased ? mantissa | 1ull << 52 : mantissa, (biased ? biased : 1) - 1075,
                                    fixed ? precision : digits, fixed);
            round_digits(fixed ? number.point + precision : digits, more);
            /* What rounds to 0 has its point behind the first digit. */
            if (!number.count) number.point = number.point > 1 ? number.point : 1;
        }
        if (fixed) {
            to = put_fixed(to, precision, f->group);
            if (type == '%') *to++ = '%';
            return to;
        }
        if (type == 'e') return put_scientific(to, precision, zero ? 0 : number.point - 1, upper);
    }
    while (number.count && !number.digit[number.count - 1]) number.count--;
    if (number.point <= -4 || number.point > precision - plain)
        return put_scientific(to, number.count > 1 ? number.count - 1 : 0, number.point - 1, upper);
    i32 behind = number.count > number.point ? number.count - number.point : 0;
    return put_fixed(to, behind || !plain ? behind : 1, f->group);
}

static u8 *put_padding(u8 *to, text fill, u32 times) {
    for (; times; times--) {
        copy_bytes(to, text_start(fill), text_size(fill));
        to += text_size(fill);
    }
    return to;
}

/* Sign and prefix, then what is in `body` up to `end`, filled up to the width. */
static text placed(const u8 *sign, u32 signs, const u8 *end, const format *f, text fill, u32 where, u32 room) {
    u32 size = (u32)(end - body), whole = signs + size, gap = f->width > whole ? f->width - whole : 0;
    if (whole + (u64)gap * text_size(fill) > room) return NO_ROOM;
    u32 left = f->align == '<' ? 0 : f->align == '^' ? gap / 2 : gap;
    u8 *to = (u8 *)where;
    if (f->align != '=') to = put_padding(to, fill, left);
    copy_bytes(to, sign, signs);
    to += signs;
    if (f->align == '=') to = put_padding(to, fill, left);
    copy_bytes(to, body, size);
    to = put_padding(to + size, fill, gap - left);
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}

EXPORT(format_float) text format_float(double value, u64 spec, text fill, u32 where, u32 room) {
    format f = format_of(spec);
    if (f.type == '%') value *= 100.0;
    u64 bits = double_bits(value);
    int negative = value == value && bits >> 63;
    u8 sign = negative ? '-' : f.sign;
    const u8 *end = put_float(body, double_of(bits & ~(1ull << 63)), &f);
    return placed(&sign, sign != 0, end, &f, fill, where, room);
}

EXPORT(float_text) text float_text(double value, u32 where, u32 room) { return format_float(value, 0, 0, where, room); }

EXPORT(format_int) text format_int(i64 value, u64 spec, text fill, u32 where, u32 room) {
    format f = format_of(spec);
    u8 type = f.type == 'X' ? 'x' : f.type, backwards[100], sign[3], *to = body;
    u64 size = value < 0 ? 0 - (u64)value : (u64)value, base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' ? 16 : 10;
    u32 count = 0, signs = 0, in_group = base == 10 ? 3 : 4, written = 0, shift = base == 16 ? 4 : base == 8 ? 3 : 1;
    do {
        if (f.group && written && written % in_group == 0) backwards[count++] = f.group;
        /* By a constant: dividing by what varies takes ten times as long. */
        u8 digit = (u8)(base == 10 ? size % 10 : size & (base - 1));
        backwards[count++] = (u8)(digit < 10 ? '0' + digit : (f.type == 'X' ? 'A' : 'a') + digit - 10);
        size = base == 10 ? size / 10 : size >> shift;
        written++;
    } while (size);
    while (count) *to++ = backwards[--count];
    if (value < 0) sign[signs++] = '-';
    else if (f.sign) sign[signs++] = f.sign;
    if (f.prefix && base != 10) {
        sign[signs++] = '0';
        sign[signs++] = f.type;
    }
    return placed(sign, signs, to, &f, fill, where, room);
}

EXPORT(format_text) text format_text(text t, u64 spec, text fill, u32 where, u32 room) {
    format f = format_of(spec);
    const u8 *p = text_start(t), *end = p + text_size(t), *stop = p;
    u32 length = 0;
    while (stop < end && (f.precision < 0 || length < (u32)f.precision)) {
        next_code(&stop);
        length++;
    }
    u32 gap = f.width > length ? f.width - length : 0, left = f.align == '>' ? gap : f.align == '^' ? gap / 2 : 0;
    if ((u64)(stop - p) + (u64)gap * text_size(fill) > room) return NO_ROOM;
    u8 *to = put_padding((u8 *)where, fill, left);
    copy_bytes(to, p, (u32)(stop - p));
    to = put_padding(to + (stop - p), fill, gap - left);
    return text_of((u8 *)where, (u32)(to - (u8 *)where));
}

/* What a format of a float is charged for beside its digits: a quarter of how far its binary exponent is from 0. */
EXPORT(far_exponent) i64 far_exponent(double value) {
    u64 bits = double_bits(value) & ~(1ull << 63);
    i32 biased = (i32)(bits >> 52);
    if (!bits || biased == 0x7ff) return 0;
    i32 exponent = (biased ? biased : 1) - 1023;
    return (exponent < 0 ? -exponent : exponent) / 4;
}
