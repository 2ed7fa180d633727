/* Arithmetic on numbers that WebAssembly has no instruction for (abstract machine, §7). */
#include "runtime.h"

/* Splits a finite number into sign, mantissa and the exponent of the mantissa's last bit. */
static void split_double(double value, int *negative, u64 *mantissa, i32 *exponent) {
    u64 bits = double_bits(value);
    *negative = (int)(bits >> 63);
    i32 biased = (i32)(bits >> 52 & 0x7ff);
    *mantissa = bits & 0xfffffffffffffull;
    if (biased) *mantissa |= 1ull << 52;
    *exponent = (biased ? biased : 1) - 1075;
}

double rounded(int negative, u64 mantissa, i32 exponent, int sticky) {
    u64 sign = negative ? 1ull << 63 : 0;
    if (mantissa == 0) return double_of(sign);
    int shift = __builtin_clzll(mantissa);
    mantissa <<= shift;
    exponent -= shift;
    i32 biased = exponent + 63 + 1023;
    if (biased >= 0x7ff) return double_of(sign | 0x7ffull << 52);
    int drop = 11;
    if (biased <= 0) {
        drop += 1 - biased;
        biased = 0;
    }
    if (drop > 64) return double_of(sign);
    u64 kept = drop == 64 ? 0 : mantissa >> drop;
    u64 rest = drop == 64 ? mantissa : mantissa << (64 - drop);
    u64 half = 1ull << 63;
    int up = rest > half || (rest == half && (sticky || (kept & 1)));
    /* A carry out of the mantissa moves into the exponent, which is what it should do (also into infinity). */
    u64 bits = (biased ? ((u64)biased << 52) + (kept - (1ull << 52)) : kept) + (u64)up;
    return double_of(sign | bits);
}

u64 divide(u64 high, u64 low, u64 divisor, u64 *rest) {
    /* Two digits of 32 bits, each estimated from the divisor's upper half (D. Knuth, TAOCP 2, 4.3.1, algorithm D). */
    u64 upper = divisor >> 32, lower = (u32)divisor, quotient = 0;
    for (int digit = 0; digit < 2; digit++) {
        u64 next = digit ? (u32)low : low >> 32;
        u64 estimate = high / upper, left = high - estimate * upper;
        while (estimate >> 32 || estimate * lower > (left << 32 | next)) {
            estimate--;
            left += upper;
            if (left >> 32) break;
        }
        high = (high << 32 | next) - estimate * divisor;
        quotient = quotient << 32 | estimate;
    }
    *rest = high;
    return quotient;
}

/* (high * 2^64 + low) / b * 2^exponent, correctly rounded; neither number is 0. */
static double quotient_of(int negative, u64 high, u64 low, u64 b, i32 exponent) {
    if (!high) {
        high = low;
        low = 0;
        exponent -= 64;
    }
    int lead = __builtin_clzll(high);
    if (lead) {
        high = high << lead | low >> (64 - lead);
        low <<= lead;
    }
    int lead_b = __builtin_clzll(b);
    b <<= lead_b;
    exponent += lead_b - lead;
    int sticky = 0;
    if (high >= b) {
        sticky = (int)(low & 1);
        low = low >> 1 | high << 63;
        high >>= 1;
        exponent++;
    }
    /* Now high / b is between 1/2 and 1, and the quotient has its highest bit. */
    u64 rest, quotient = divide(high, low, b, &rest);
    return rounded(negative, quotient, exponent, sticky || rest != 0);
}

EXPORT(int_div) double int_div(i64 a, i64 b) {
    int negative = (a < 0) != (b < 0);
    u64 ua = a < 0 ? 0 - (u64)a : (u64)a, ub = b < 0 ? 0 - (u64)b : (u64)b;
    if (ua >> 53 == 0 && ub >> 53 == 0) return (double)a / (double)b;
    if (ua == 0) return negative ? -0.0 : 0.0;
    return quotient_of(negative, 0, ua, ub, 0);
}

/* a * b / 2^64 modulo m, for an odd m < 2^63 and a * b < m * 2^64; inverse is -1 / m modulo 2^64 (P. Montgomery 1985). */
static u64 reduced_product(u64 a, u64 b, u64 m, u64 inverse) {
    u64 high, carry, low = multiply(a, b, &high);
    multiply(low * inverse, m, &carry);
    u64 sum = high + carry + (low != 0);
    return sum >= m ? sum - m : sum;
}

/* value * 2^power modulo m, for value < m < 2^53 and power >= 64: by squaring powers of two, so that the work goes by the
 * length of `power` and not by its size. */
static u64 shifted_rest(u64 value, i32 power, u64 m) {
    int twos = __builtin_ctzll(m);
    m >>= twos;
    power -= twos;
    u64 inverse = m; /* right in 3 bits, and in twice as many after each step (Newton) */
    for (int step = 0; step < 5; step++) inverse *= 2 - m * inverse;
    inverse = 0 - inverse;
    /* Powers are kept times 2^64: 1 is 2^64 modulo m, which has 11 bits of room for the first doublings. */
    int below = 0;
    while (power >> below > 11) below++;
    u64 found = ((0 - m) % m << (power >> below)) % m;
    while (below-- > 0) {
        found = reduced_product(found, found, m, inverse);
        if (power >> below & 1) {
            found <<= 1;
            if (found >= m) found -= m;
        }
    }
    return reduced_product(value, found, m, inverse) << twos;
}

/* From this difference of exponents on, squaring takes less time than dividing step by step. */
#define FAR 128

/* C's fmod of finite a and finite b other than 0: exact. */
static double remainder_of(double a, double b) {
    int negative, ignored;
    u64 ma, mb;
    i32 ea, eb;
    split_double(a, &negative, &ma, &ea);
    split_double(b, &ignored, &mb, &eb);
    if (ea < eb) {
        /* Make the exponents equal by moving b's low zeros; if that can't be done, |a| < |b| or a has finer bits. */
        i32 gap = eb - ea;
        if (gap > 63 || (mb << gap) >> gap != mb) return a;
        mb <<= gap;
        eb = ea;
    }
    ma %= mb;
    i32 gap = ea - eb;
    if (gap > FAR) {
        ma = shifted_rest(ma, gap, mb);
        gap = 0;
    }
    int room = __builtin_clzll(mb);
    while (gap > 0 && ma) {
        i32 step = gap < room ? gap : room;
        ma = (ma << step) % mb;
        gap -= step;
    }
    return rounded(negative, ma, eb, 0);
}

double c_fmod(double a, double b) {
    if (a != a || b != b || __builtin_isinf(a)) return __builtin_nan("");
    if (__builtin_isinf(b)) return a;
    return remainder_of(a, b);
}

EXPORT(float_mod) double float_mod(double a, double b) {
    double mod = c_fmod(a, b);
    if (mod != 0.0) return (b < 0.0) != (mod < 0.0) ? mod + b : mod;
    return __builtin_copysign(0.0, b);
}

EXPORT(float_floordiv) double float_floordiv(double a, double b) {
    double mod = c_fmod(a, b);
    double quotient = (a - mod) / b;
    if (mod != 0.0 && (b < 0.0) != (mod < 0.0)) quotient -= 1.0;
    if (quotient == 0.0) return __builtin_copysign(0.0, a / b);
    double floor = __builtin_floor(quotient);
    return quotient - floor > 0.5 ? floor + 1.0 : floor;
}

static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* round(value, digits), 0 <= digits <= 22: value is m / 2^k, so value * 10^digits is m * 10^digits / 2^k, less than
 * 2^127 / 2^k; that is rounded to an integer, which is divided by 10^digits again, each step exact or correctly
 * rounded. */
EXPORT(float_round) double float_round(double value, i32 digits) {
    int negative;
    u64 mantissa;
    i32 exponent;
    split_double(value, &negative, &mantissa, &exponent);
    if (exponent >= 0 || mantissa == 0) return value; /* whole, infinite, NaN or zero */
    u128 scale = 1;
    for (i32 i = 0; i < digits; i++) scale *= 10;
    u128 scaled = mantissa * scale;
    i32 drop = -exponent;
    u128 whole = 0;
    if (drop < 128) {
        whole = scaled >> drop;
        u128 rest = scaled & (((u128)1 << drop) - 1), half = (u128)1 << (drop - 1);
        if (rest > half || (rest == half && (whole & 1))) whole++;
    }
    double sign = negative ? -1.0 : 1.0;
    if (whole <= 1ull << 53) return sign * ((double)(u64)whole / TENS[digits]);
    u64 fives = 1;
    for (i32 i = 0; i < digits; i++) fives *= 5;
    return quotient_of(negative, (u64)(whole >> 64), (u64)whole, fives, -digits);
}

/* 10^digits, 0 <= digits <= 22. */
static u128 power_of_ten(i32 digits) {
    u128 scale = 1;
    while (digits-- > 0) scale *= 10;
    return scale;
}

/* A multiple of `unit` nearest to value (+ something below 1 if sticky), halves to the even multiple. */
static u128 nearest_multiple(u128 value, int sticky, u128 unit) {
    u128 times = value / unit, rest = value % unit;
    u128 half = unit / 2;
    if (rest > half || (rest == half && (sticky || (times & 1)))) times++;
    return times * unit;
}

/* round(value, digits), -22 <= digits < 0. From 2^127 on a unit in the last place is more than twice 10^22, so that
 * the nearest double to what is rounded is the value itself. */
EXPORT(float_round_tens) double float_round_tens(double value, i32 digits) {
    int negative;
    u64 mantissa;
    i32 exponent;
    split_double(value, &negative, &mantissa, &exponent);
    if (exponent > 127 - 53 || mantissa == 0) return value; /* large, infinite, NaN or zero */
    u128 whole = exponent >= 0 ? (u128)mantissa << exponent : exponent > -64 ? mantissa >> -exponent : 0;
    int sticky = exponent < 0 && (exponent <= -64 || mantissa << (64 + exponent) != 0);
    whole = nearest_multiple(whole, sticky, power_of_ten(-digits));
    u64 high = (u64)(whole >> 64), low = (u64)whole;
    if (!high) return rounded(negative, low, 0, 0);
    int lead = __builtin_clzll(high);
    u64 top = lead ? high << lead | low >> (64 - lead) : high;
    return rounded(negative, top, 64 - lead, (lead ? low << lead : low) != 0);
}

/* round(value, digits), -22 <= digits < 0, to `to`; 1 if 64 bits don't hold it. */
EXPORT(int_round) i32 int_round(i64 value, i32 digits, i64 *to) {
    int negative = value < 0;
    u128 whole = nearest_multiple(negative ? 0 - (u64)value : (u64)value, 0, power_of_ten(-digits));
    if (whole > (u128)(~0ull >> 1) + negative) return 1;
    *to = (i64)(negative ? 0 - (u64)whole : (u64)whole);
    return 0;
}
