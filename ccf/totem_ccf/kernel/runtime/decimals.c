/* The float nearest to a decimal number: by 128 bits of a power of five where they are enough to know it (D. Lemire,
 * "Number parsing at a gigabyte per second", 2021; N. Mushtak, D. Lemire, "Fast number parsing without fallback", 2022),
 * else by numbers of any size. */
#include "decimals.h"
#include "decimal_table.h"

enum { LIMBS = 100, FEW_DIGITS = 19 };

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

static void big_of_digits(big *b, const u8 *digits, i32 count) {
    b->used = 0;
    for (i32 i = 0; i < count;) {
        u32 chunk = 0, scale = 1;
        for (; i < count && scale < 1000000000; i++, scale *= 10) chunk = chunk * 10 + digits[i];
        big_multiply_add(b, scale, chunk);
    }
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

/* Subtracts factor * b from a, whose limbs behind `a->used` up to those of b and one more are 0; 1 if a would be
 * negative: it is then that much too large by 2^32 to the power of its limbs. */
static int big_subtract(big *a, const big *b, u32 factor) {
    u64 product = 0;
    i64 borrow = 0;
    for (i32 i = 0; i <= b->used; i++) {
        product += i < b->used ? (u64)b->limb[i] * factor : 0;
        i64 difference = (i64)a->limb[i] - (u32)product + borrow;
        a->limb[i] = (u32)difference;
        borrow = difference >> 32;
        product >>= 32;
    }
    return borrow < 0;
}

static void big_add(big *a, const big *b) {
    u64 sum = 0;
    for (i32 i = 0; i <= b->used; i++) {
        sum += (u64)a->limb[i] + (i < b->used ? b->limb[i] : 0);
        a->limb[i] = (u32)sum;
        sum >>= 32;
    }
}

/* The first 64 bits of n / d behind the point, where 1/2 <= n / d < 1 and the highest bit of d's highest limb is set;
 * `*rest` says whether there are more. Two digits of 32 bits (D. Knuth, TAOCP 2, 4.3.1, algorithm D). */
static u64 big_fraction(big *n, const big *d, int *rest) {
    u64 top = d->limb[d->used - 1], second = d->used > 1 ? d->limb[d->used - 2] : 0, quotient = 0;
    for (int digit = 0; digit < 2; digit++) {
        for (i32 i = d->used; i > 0; i--) n->limb[i] = n->limb[i - 1];
        n->limb[0] = 0;
        u64 head = (u64)n->limb[d->used] << 32 | n->limb[d->used - 1], third = d->used > 1 ? n->limb[d->used - 2] : 0;
        u64 estimate = head / top;
        if (estimate >> 32) estimate = 0xffffffff;
        u64 left = head - estimate * top;
        while (!(left >> 32) && estimate * second > (left << 32 | third)) estimate--, left += top;
        if (big_subtract(n, d, (u32)estimate)) {
            big_add(n, d);
            estimate--;
        }
        quotient = quotient << 32 | estimate;
    }
    *rest = 0;
    for (i32 i = 0; i < d->used; i++) *rest |= n->limb[i] != 0;
    return quotient;
}

/* The highest 64 bits of b, and whether any lower bit is set. */
static u64 big_top(const big *b, int *sticky) {
    u64 top = 0;
    i32 first = big_bits(b) - 64;
    for (i32 i = 0; i < b->used; i++) {
        i32 position = 32 * i - first;
        if (position >= 0) {
            top |= (u64)b->limb[i] << position;
        } else if (position > -32) {
            top |= (u64)b->limb[i] >> -position;
            *sticky |= (b->limb[i] & ((1u << -position) - 1)) != 0;
        } else {
            *sticky |= b->limb[i] != 0;
        }
    }
    return top;
}

static double decimal_by_bigs(int negative, const u8 *digits, i32 count, i32 exponent) {
    static big n, d;
    big_of_digits(&n, digits, count);
    if (exponent >= 0) {
        int sticky = 0;
        big_power_of_5(&n, exponent);
        i32 bits = big_bits(&n);
        u64 top = big_top(&n, &sticky);
        return rounded(negative, top, bits - 64 + exponent, sticky);
    }
    d.limb[0] = 1;
    d.used = 1;
    big_power_of_5(&d, -exponent);
    /* Both to the same number of bits, a multiple of 32; if n is not less then, d is made twice as large. */
    i32 bits_n = big_bits(&n), bits_d = big_bits(&d), bits = (bits_n > bits_d ? bits_n : bits_d) + 31;
    bits -= bits % 32;
    big_shift_left(&n, bits - bits_n);
    big_shift_left(&d, bits - bits_d);
    i32 binary = exponent - (bits - bits_n) + (bits - bits_d) - 64;
    if (big_order(&n, &d) >= 0) {
        /* n / 2d, d's highest limb again with its highest bit. */
        big_shift_left(&n, 31);
        big_shift_left(&d, 32);
        binary++;
    }
    int rest;
    u64 quotient = big_fraction(&n, &d, &rest);
    return rounded(negative, quotient, binary, rest);
}

/* number * 10^exponent, correctly rounded, as the bits of a float; number is not 0. */
static u64 decimal_by_table(u64 number, i32 exponent) {
    if (exponent < LOWEST_POWER) return 0;
    if (exponent > HIGHEST_POWER) return 0x7ffull << 52;
    int lead = __builtin_clzll(number);
    number <<= lead;
    const u64 *power = POWERS[exponent - LOWEST_POWER];
    u64 high, low = multiply(number, power[0], &high);
    if ((high & 0x1ff) == 0x1ff) {
        u64 more;
        multiply(number, power[1], &more);
        low += more;
        if (low < more) high++;
    }
    int upper = (int)(high >> 63);
    u64 mantissa = high >> (upper + 9);
    i32 biased = ((217706 * exponent) >> 16) + 63 + upper - lead + 1023;
    if (biased <= 0) {
        if (biased <= -63) return 0;
        mantissa >>= 1 - biased;
        mantissa += mantissa & 1;
        return mantissa >> 1;
    }
    /* Exactly between two floats, the even one: that is possible for few exponents only. */
    if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == high)
        mantissa &= ~1ull;
    mantissa += mantissa & 1;
    mantissa >>= 1;
    if (mantissa >> 53) {
        mantissa = 1ull << 52;
        biased++;
    }
    if (biased >= 0x7ff) return 0x7ffull << 52;
    return (u64)biased << 52 | (mantissa & 0xfffffffffffffull);
}

double decimal(int negative, const u8 *digits, i32 count, i32 exponent) {
    u64 sign = negative ? 1ull << 63 : 0;
    if (count == 0 || count + exponent < -400) return double_of(sign);
    if (count + exponent > 400) return double_of(sign | 0x7ffull << 52);
    u64 number = 0;
    i32 few = count < FEW_DIGITS ? count : FEW_DIGITS;
    for (i32 i = 0; i < few; i++) number = number * 10 + digits[i];
    u64 bits = decimal_by_table(number, exponent + count - few);
    if (count > few && bits != decimal_by_table(number + 1, exponent + count - few))
        return decimal_by_bigs(negative, digits, count, exponent);
    return double_of(sign | bits);
}
