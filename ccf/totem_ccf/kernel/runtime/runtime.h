/* What the parts of the runtime library share. The library is freestanding: no libc, no allocation, no imports but the
 * memory. The kernel's code calls the functions marked EXPORT; a text is one 64-bit number, address << 32 | bytes. */
#ifndef TOTEM_RUNTIME_H
#define TOTEM_RUNTIME_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;
typedef unsigned __int128 u128;
typedef __int128 i128;
typedef u64 text;
/* A number at any address. */
typedef u64 __attribute__((aligned(1), may_alias)) word;

/* Logical bytes that a call of a step function may make: no text that is made is longer (totem_sdk.limits). */
#define MEMORY_BYTES (64ull << 20)

#define EXPORT(name) __attribute__((export_name(#name)))

/* What an operation returns that has no room left in the arena. */
#define NO_ROOM (~0ull)

static inline u8 *text_start(text t) { return (u8 *)(u32)(t >> 32); }
static inline u32 text_size(text t) { return (u32)t; }
static inline text text_of(const u8 *start, u32 size) { return (u64)(u32)start << 32 | size; }

static inline u64 double_bits(double value) {
    union { double d; u64 u; } both = {value};
    return both.u;
}
static inline double double_of(u64 bits) {
    union { u64 u; double d; } both = {bits};
    return both.d;
}

/* Copies bytes; the regions may overlap only if `to` is not behind `from`. */
void copy_bytes(u8 *to, const u8 *from, u32 size);

/* The double nearest to (mantissa + fraction) * 2^exponent, halves to even, where fraction is 0 (sticky = 0) or
 * strictly between 0 and 1 (sticky = 1, mantissa has its highest bit set). */
double rounded(int negative, u64 mantissa, i32 exponent, int sticky);

/* The product of two numbers, in two halves. */
static inline u64 multiply(u64 a, u64 b, u64 *high) {
    u64 a0 = (u32)a, a1 = a >> 32, b0 = (u32)b, b1 = b >> 32;
    u64 low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (u32)middle;
    *high = a1 * b1 + (middle >> 32) + (other >> 32);
    return other << 32 | (u32)low;
}

/* (high * 2^64 + low) / divisor and the rest; high < divisor, and the divisor's highest bit is set. */
u64 divide(u64 high, u64 low, u64 divisor, u64 *rest);

/* C's fmod; b is not 0. */
double c_fmod(double a, double b);

/* The code point at `*at` (which is valid UTF-8); moves `*at` behind it. */
static inline u32 next_code(const u8 **at) {
    const u8 *p = *at;
    u32 first = p[0];
    if (first < 0x80) { *at = p + 1; return first; }
    if (first < 0xe0) { *at = p + 2; return (first & 0x1f) << 6 | (p[1] & 0x3f); }
    if (first < 0xf0) { *at = p + 3; return (first & 0x0f) << 12 | (u32)(p[1] & 0x3f) << 6 | (p[2] & 0x3f); }
    *at = p + 4;
    return (first & 0x07) << 18 | (u32)(p[1] & 0x3f) << 12 | (u32)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

/* The code point before `*at`; moves `*at` to its start. */
static inline u32 previous_code(const u8 **at) {
    const u8 *p = *at - 1;
    while ((*p & 0xc0) == 0x80) p--;
    *at = p;
    return next_code(&p);
}

/* The number of characters. */
i64 text_length(text t);

/* Whether str.isspace holds for a character. */
int is_space(u32 code);

#endif
