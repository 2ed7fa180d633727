/* An exact sum of floats and ints. */
#ifndef TOTEM_SUMS_H
#define TOTEM_SUMS_H

#include "runtime.h"

enum { WINDOW_LOW = -80, WIDE_CELLS = 70, WIDE_LOW = -1074 };
enum { SAW_NAN = 1, SAW_INFINITY = 2, SAW_MINUS_INFINITY = 4 };

/* The window is a 128-bit number in units of 2^-80, in which almost every sum of measured values stays. What does not
 * fit goes to the wide number in units of 2^-1074: cells of 32 bits, each an int of 64 so that carries can wait. */
typedef struct {
    i128 window;
    u32 special;
    u32 is_wide;
    u32 waiting; /* additions since the cells were normalised */
    u32 unused;
    i64 cell[WIDE_CELLS];
} exact;

void exact_clear(exact *sum);
void exact_add(exact *sum, double value);
void exact_add_int(exact *sum, i128 value);
void exact_add_sum(exact *sum, const exact *other);
double exact_result(exact *sum);

/* Moves the window of a sum, which does not need to be the whole struct, to a wide number. */
void exact_spread(exact *wide, i128 window, i32 unit);

#endif
