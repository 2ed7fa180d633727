/* Decimal numbers to the nearest float. */
#ifndef TOTEM_DECIMALS_H
#define TOTEM_DECIMALS_H

#include "runtime.h"

/* Significant digits that can decide about the nearest float, and some more. */
enum { DIGITS = 800 };

/* The float nearest to digits * 10^exponent, halves to even; the first digit is not 0 (or there is none), and there are
 * at most DIGITS + 1. */
double decimal(int negative, const u8 *digits, i32 count, i32 exponent);

#endif
