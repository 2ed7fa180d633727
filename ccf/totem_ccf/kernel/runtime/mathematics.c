/* The functions of `math` (abstract machine, §7): musl's where the result is not exact, so that every executor gives the
 * same. What is an error of the program is told by NaN and infinities; the kernel's rules test for them. */
#include "runtime.h"

#define ONE(name) double name(double); EXPORT(math_##name) double math_##name(double x) { return name(x); }
#define TWO(name) double name(double, double); EXPORT(math_##name) double math_##name(double x, double y) { return name(x, y); }

ONE(acos)
ONE(acosh)
ONE(asin)
ONE(asinh)
ONE(atan)
ONE(atanh)
ONE(cbrt)
ONE(cos)
ONE(cosh)
ONE(erf)
ONE(erfc)
ONE(exp)
ONE(expm1)
ONE(log)
ONE(log10)
ONE(log1p)
ONE(log2)
ONE(sin)
ONE(sinh)
ONE(tan)
ONE(tanh)
TWO(atan2)
TWO(hypot)
TWO(pow)

double tgamma(double);
double __lgamma_r(double, int *);

EXPORT(math_gamma) double math_gamma(double x) { return tgamma(x); }

EXPORT(math_lgamma) double math_lgamma(double x) {
    int sign;
    return __lgamma_r(x, &sign);
}

/* |x| with the sign of y; a NaN has none. */
EXPORT(math_copysign) double math_copysign(double x, double y) {
    return __builtin_copysign(x, y != y ? 1.0 : y);
}

EXPORT(math_fmod) double math_fmod(double x, double y) {
    return y == 0.0 ? __builtin_nan("") : c_fmod(x, y);
}

/* Functions of ints write their result to `to` and answer 0; 1 stands for `value`, 2 for `overflow`. */

static i32 give(u64 result, i64 *to) {
    if (result >> 63) return 2;
    *to = (i64)result;
    return 0;
}

static u64 size_of(i64 value) { return value < 0 ? 0 - (u64)value : (u64)value; }

/* By halving and subtracting (J. Stein 1967), which needs no division. */
static u64 common_divisor(u64 a, u64 b) {
    if (!a || !b) return a | b;
    int twos = __builtin_ctzll(a | b);
    a >>= __builtin_ctzll(a);
    while (b) {
        b >>= __builtin_ctzll(b);
        u64 less = a < b ? a : b;
        b = a < b ? b - a : a - b;
        a = less;
    }
    return a << twos;
}

EXPORT(math_gcd) i32 math_gcd(i64 a, i64 b, i64 *to) { return give(common_divisor(size_of(a), size_of(b)), to); }

EXPORT(math_lcm) i32 math_lcm(i64 a, i64 b, i64 *to) {
    if (a == 0 || b == 0) return give(0, to);
    u64 ua = size_of(a), ub = size_of(b), high;
    u64 low = multiply(ua / common_divisor(ua, ub), ub, &high);
    return high ? 2 : give(low, to);
}

EXPORT(math_isqrt) i32 math_isqrt(i64 value, i64 *to) {
    if (value < 0) return 1;
    /* The double's root is off by one at most. */
    u64 root = (u64)__builtin_sqrt((double)value);
    while (root * root > (u64)value) root--;
    while ((root + 1) * (root + 1) <= (u64)value) root++;
    return give(root, to);
}

/* n * (n-1) * ... of `count` factors; n >= count >= 0. Ends at the latest with the factor that leaves 64 bits. */
static i32 falling(u64 n, u64 count, i64 *to) {
    u64 product = 1;
    for (; count; count--, n--) {
        u64 high;
        product = multiply(product, n, &high);
        if (high || product >> 63) return 2;
        if (n == 1) break;
    }
    return give(product, to);
}

EXPORT(math_factorial) i32 math_factorial(i64 n, i64 *to) { return n < 0 ? 1 : falling((u64)n, (u64)n, to); }

EXPORT(math_perm) i32 math_perm(i64 n, i64 k, i64 *to) {
    if (n < 0 || k < 0) return 1;
    return k > n ? give(0, to) : falling((u64)n, (u64)k, to);
}

/* 1 / n modulo 2^64 for the odd numbers from 1 to 33. */
static const u64 INVERSES[] = {
    0x0000000000000001ull, 0xaaaaaaaaaaaaaaabull, 0xcccccccccccccccdull, 0x6db6db6db6db6db7ull,
    0x8e38e38e38e38e39ull, 0x2e8ba2e8ba2e8ba3ull, 0x4ec4ec4ec4ec4ec5ull, 0xeeeeeeeeeeeeeeefull,
    0xf0f0f0f0f0f0f0f1ull, 0x86bca1af286bca1bull, 0xcf3cf3cf3cf3cf3dull, 0xd37a6f4de9bd37a7ull,
    0x8f5c28f5c28f5c29ull, 0x84bda12f684bda13ull, 0x34f72c234f72c235ull, 0xef7bdef7bdef7bdfull,
    0x0f83e0f83e0f83e1ull,
};

/* The binomial coefficients C(n-k+i, i) grow with i: the first that 64 bits don't hold says that the last is none. They
 * are at least C(2i, i), so that is i = 34 at the latest. Each is a product divided by i without a rest: its twos are
 * shifted out, and what is left of i is divided by as a multiplication modulo 2^64. */
EXPORT(math_comb) i32 math_comb(i64 n, i64 k, i64 *to) {
    if (n < 0 || k < 0) return 1;
    if (k > n) return give(0, to);
    if (k > n - k) k = n - k;
    u64 found = 1;
    for (u64 i = 1; i <= (u64)k; i++) {
        u64 high, low = multiply(found, (u64)(n - k + (i64)i), &high);
        if ((high << 1 | low >> 63) >= i) return 2; /* the product is i * 2^63 or more */
        int twos = __builtin_ctzll(i);
        if (twos) low = low >> twos | high << (64 - twos);
        found = low * INVERSES[i >> twos >> 1];
    }
    return give(found, to);
}

/* base ** times, times >= 0. */
EXPORT(int_power) i32 int_power(i64 base, i64 times, i64 *to) {
    if (base == 0 || base == 1 || base == -1) {
        *to = times == 0 || base == 1 ? 1 : base == 0 ? 0 : times & 1 ? -1 : 1;
        return 0;
    }
    if (times > 63) return 2;
    u64 size = size_of(base), product = 1, high = 0;
    for (i32 bit = 5; bit >= 0; bit--) {
        product = multiply(product, product, &high);
        if (high) return 2;
        if (times >> bit & 1) {
            product = multiply(product, size, &high);
            if (high) return 2;
        }
    }
    int negative = base < 0 && times & 1;
    if (product > (~0ull >> 1) + (u64)negative) return 2;
    *to = (i64)(negative ? 0 - product : product);
    return 0;
}
