/* An exact sum of floats and ints. */
#ifndef TOTEM_SUMS_H
#define TOTEM_SUMS_H

#include "runtime.h"

enum { WINDOW_UNIT = -80, WIDE_UNIT = -1074, WIDE_CELLS = 70 };
enum { SAW_NAN = 1, SAW_INFINITY = 2, SAW_MINUS_INFINITY = 4 };

/* A number of 128 bits in units of 2^-80, in which almost every sum of measured values stays. */
typedef struct {
    u64 low;
    i64 high;
} window;

/* What does not fit goes to the wide number in units of 2^-1074: cells of 32 bits, each an int of 64 so that carries
 * can wait. The sum is both numbers together. `columns.py` and `emits.py` know the size and the order of the fields. */
typedef struct {
    window window;
    u32 special;
    u32 is_wide;
    u32 waiting; /* additions since the cells were normalised */
    u32 unused;
    i64 cell[WIDE_CELLS];
} exact;

/* Adds a value to a window; 0 if it does not fit, and nothing was done. */
static inline int window_add(window *sum, u64 low, i64 high) {
    u64 new_low = sum->low + low;
    i64 new_high = (i64)((u64)sum->high + (u64)high + (new_low < low));
    if (((sum->high ^ new_high) & (high ^ new_high)) < 0) return 0;
    sum->low = new_low;
    sum->high = new_high;
    return 1;
}

/* Gives a float as a window's number; 0 if it has bits outside of the window. */
static inline int window_of(double value, u64 *low, i64 *high) {
    u64 bits = double_bits(value);
    u32 biased = (u32)(bits >> 52) & 0x7ff;
    u64 mantissa = bits & 0xfffffffffffffull;
    if (!biased) { /* zero, or too small */
        *low = 0, *high = 0;
        return !mantissa;
    }
    mantissa |= 1ull << 52;
    i32 shift = (i32)biased - 1075 - WINDOW_UNIT;
    u64 lo, hi;
    if (shift >= 0) {
        if (shift > 73) return 0;
        if (shift < 64) {
            lo = mantissa << shift;
            hi = mantissa >> 1 >> (63 - shift);
        } else {
            lo = 0;
            hi = mantissa << (shift - 64);
        }
    } else {
        if (shift <= -53 || (mantissa & ((1ull << -shift) - 1))) return 0;
        lo = mantissa >> -shift;
        hi = 0;
    }
    u64 sign = (u64)((i64)bits >> 63);
    u64 negated = (lo ^ sign) - sign;
    *high = (i64)((hi ^ sign) + (sign & (negated == 0)));
    *low = negated;
    return 1;
}

void exact_clear(exact *sum);
void exact_add(exact *sum, double value);
void exact_add_int(exact *sum, i128 value);
void exact_add_sum(exact *sum, const exact *other);
double exact_result(exact *sum);

/* Adds a value that does not fit into the window. */
void exact_add_outside(exact *sum, double value);
/* Moves a window to the wide number. */
void exact_widen(exact *sum, window from);

#endif
